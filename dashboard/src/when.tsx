/** Instants in the zone of the one who looks, as they are read and as they are entered. */

type Props = {
  readonly at: string | null | undefined
  /** What is said where there is none. */
  readonly none?: string
}

/** The exact one on asking. */
export function When({ at, none = '–' }: Props) {
  if (at === null || at === undefined) return <span>{none}</span>
  return (
    <time dateTime={at} title={at} style={{ whiteSpace: 'nowrap' }}>
      {TIME.format(new Date(at))}
    </time>
  )
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** What a form field of date and time holds; null: nothing was entered. */
export const instantOf = (entered: string): string | null => (entered === '' ? null : new Date(entered).toISOString())
