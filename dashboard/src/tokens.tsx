/** Counts of tokens: short for the eye, whole on asking. */
import { whole } from './numbers.ts'
import { shortText } from './short-text.ts'

export const Tokens = ({ count }: { readonly count: number | null | undefined }) =>
  count === null || count === undefined ? (
    '—'
  ) : (
    <data value={count} title={`${whole(count)} tokens`} style={{ whiteSpace: 'nowrap' }}>
      {shortText(count)}
    </data>
  )
