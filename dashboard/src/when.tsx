/** Instants in the zone that is looked at, as they are read and as they are entered. */
import { useTimeZone } from './session.ts'
import { instantAt, timeText } from './zone.ts'

type Props = {
  readonly at: string | null | undefined
  /** What is said where there is none. */
  readonly none?: string
  /** To the second. */
  readonly exact?: boolean
}

/** In the zone that the frame of the page names; the instant itself on asking. */
export function When({ at, none = '–', exact = false }: Props) {
  const timeZone = useTimeZone()
  if (at === null || at === undefined) return <span>{none}</span>
  return (
    <time dateTime={at} title={`${at} (shown in ${timeZone})`} style={{ whiteSpace: 'nowrap' }}>
      {timeText(new Date(at), timeZone, exact)}
    </time>
  )
}

/** What a form field of date and time holds, in the zone that is looked at; null: nothing was entered. */
export const instantOf = (entered: string, timeZone: string): string | null =>
  entered === '' ? null : instantAt(entered.slice(0, 16), timeZone).toISOString()
