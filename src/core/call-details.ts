/** The personal fields of a call: what they are hashed under, so that calls of one month which share them share one row. */
import type { CallDetails } from './usage-rows.ts'

type Fields = Omit<CallDetails, 'hash' | 'organisationId' | 'createdAt'>

/** What is hashed. A row that no longer comes to its hash was changed: somebody was forgotten. */
export const detailsTexts = (
  organisationId: bigint,
  admittedAt: number,
  { endUser, sessionId, userAgent, referer, title, metadata }: Fields,
): string[] => [
  String(organisationId),
  monthOf(admittedAt),
  ...[endUser, sessionId, userAgent, referer, title, metadata].map((value) => value ?? ''),
]

const monthOf = (instant: number): string => {
  const date = new Date(instant)
  return `${date.getUTCFullYear()}-${date.getUTCMonth() + 1}`
}
