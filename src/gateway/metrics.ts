/** What the gateway tells of its calls to whoever draws graphs. Counting never fails a call and never waits. */
import type { Settled } from '../dialects/dialect.ts'
import type { Admission } from './admit.ts'
import type { Outcome } from './settle.ts'

export type EndedCall = {
  readonly dialect: string
  readonly admission: Admission
  readonly outcome: Outcome
  readonly settled: Settled
}

export type GatewayMetrics = {
  /** A call that was admitted is on record. */
  ended(call: EndedCall): void
  /** A call that was not admitted, and why. */
  refused(dialect: string, code: string): void
  /** A stream begins; the result is called when it is over. */
  streamOpened(): () => void
}
