/**
 * The circuit of one endpoint: closed while it serves, open after the provider failed too often, half open once it has
 * cooled, when one call at a time may try. A provider that asks for a pause rests: others are tried before it, but one
 * refusal says little about the next call, which may be smaller. Times are milliseconds of a clock that only goes forward.
 */

export type CircuitRules = {
  /** Failures one after another that open it. 0: it never opens. */
  readonly failures: number
  /** How long it stays open the first time; twice as long each time after that, until it has closed again. */
  readonly coolMs: number
}

export type CircuitState = 'closed' | 'open' | 'half_open'

export type Circuit = {
  isOpen: boolean
  /** One after another. */
  failures: number
  /** Openings since it was last closed. */
  openings: number
  until: number
  restUntil: number
  /** Until then the call that tries has time to say how it went. */
  probeUntil: number
  windowStart: number
  windowAnswers: number
  windowFailures: number
}

/** No endpoint rests for longer, whatever it asked for. */
const MOST_REST_MS = 3_600_000
/** What doubling comes to at the most. */
const MOST_BACKOFF_MS = 600_000
/** A call that tries and never says how it went (its process may be busy elsewhere) blocks the next for this long. */
const PROBE_MS = 30_000
/** Half of at least so many within a minute: failures need not come one after another. */
const RATIO_WINDOW_MS = 60_000
const RATIO_CALLS = 20

export const newCircuit = (): Circuit => ({
  isOpen: false,
  failures: 0,
  openings: 0,
  until: 0,
  restUntil: 0,
  probeUntil: 0,
  windowStart: 0,
  windowAnswers: 0,
  windowFailures: 0,
})

export const circuitState = ({ isOpen, until }: Circuit, at: number): CircuitState =>
  isOpen ? (at < until ? 'open' : 'half_open') : 'closed'

/** Milliseconds for which the provider wants to be left alone; 0: it said nothing, or its time is over. */
export const restOf = ({ restUntil }: Circuit, at: number): number => Math.max(0, restUntil - at)

/** Milliseconds until a call may go there again; 0: now. */
export function waitFor(circuit: Circuit, at: number): number {
  const state = circuitState(circuit, at)
  if (state === 'open') return circuit.until - at
  return state === 'half_open' && at < circuit.probeUntil ? circuit.probeUntil - at : 0
}

/** Whether a call may go there now. Of a half-open circuit the first who asks is the one who tries. */
export function claim(circuit: Circuit, at: number): boolean {
  if (waitFor(circuit, at) > 0) return false
  if (circuit.isOpen) circuit.probeUntil = at + PROBE_MS
  return true
}

/** The provider answered, if only that it does not like the request. */
export function answered(circuit: Circuit): void {
  if (circuit.isOpen) Object.assign(circuit, newCircuit())
}

/** A whole answer came. */
export function succeeded(circuit: Circuit, at: number): void {
  answered(circuit)
  circuit.failures = 0
  circuit.restUntil = 0
  slide(circuit, at)
  circuit.windowAnswers++
}

/** Nothing was learnt: whoever comes next may try. */
export function released(circuit: Circuit): void {
  circuit.probeUntil = 0
}

/** `retryAfterMs`: the provider said itself how long it wants to be left alone. */
export function failed(circuit: Circuit, rules: CircuitRules, at: number, retryAfterMs?: number): void {
  if (rules.failures === 0) return
  circuit.failures++
  slide(circuit, at)
  circuit.windowFailures++
  const state = circuitState(circuit, at)
  if (retryAfterMs !== undefined)
    circuit.restUntil = Math.max(circuit.restUntil, at + Math.min(retryAfterMs, MOST_REST_MS))
  // Those that were under way when it opened say nothing new.
  if (state !== 'half_open' && !(state === 'closed' && fails(circuit, rules))) return
  const doubled = rules.coolMs * 2 ** Math.min(circuit.openings, MOST_DOUBLINGS)
  circuit.until = Math.max(at + Math.min(doubled, MOST_BACKOFF_MS), circuit.restUntil)
  circuit.openings++
  circuit.isOpen = true
  circuit.probeUntil = 0
}

function fails({ failures, windowFailures, windowAnswers }: Circuit, rules: CircuitRules): boolean {
  const calls = windowFailures + windowAnswers
  return failures >= rules.failures || (calls >= RATIO_CALLS && windowFailures * 2 >= calls)
}

const MOST_DOUBLINGS = 10

function slide(circuit: Circuit, at: number): void {
  if (at < circuit.windowStart + RATIO_WINDOW_MS && circuit.windowStart > 0) return
  Object.assign(circuit, { windowStart: at, windowAnswers: 0, windowFailures: 0 })
}
