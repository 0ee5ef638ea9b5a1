/**
 * How each endpoint fares, from the calls that really went there: in memory, bounded, of this process alone. Forwarding
 * asks before an attempt and tells after it; the models' pages and the choice by speed read the figures.
 */
import {
  answered,
  type Circuit,
  type CircuitRules,
  type CircuitState,
  circuitState,
  claim,
  failed,
  newCircuit,
  released,
  restOf,
  succeeded,
  waitFor,
} from '../core/circuit.ts'
import {
  type EndpointHealth,
  type FailureKind,
  type Figures,
  figuresOf,
  isFailing,
  newHealth,
  noteFailure,
  noteLatency,
  noteSuccess,
  noteThroughput,
} from '../core/endpoint-health.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'

/** As much of an endpoint as health needs to know. */
type Watched = { readonly id: string; readonly hasCircuit: boolean }

export type Health = {
  /** Whether an attempt may go there now; true for one attempt at a time while a circuit is half open. */
  claim(endpoint: Watched): boolean
  /** The first of an answer came. */
  answered(endpoint: Watched): void
  /** The answer was complete. `latencyMs`: to its first token; both are undefined where nobody could tell. */
  served(endpoint: Watched, figures: { latencyMs?: number | undefined; tokensPerSecond?: number | undefined }): void
  failed(endpoint: Watched, kind: FailureKind, rules: CircuitRules, retryAfterMs?: number): void
  /** It ended without telling anything about the endpoint. */
  released(endpoint: Watched): void
  /** Milliseconds until a call may go there; 0: now. */
  waitFor(endpoint: Watched): number
  /** Others are better tried before it: its circuit is open, or its provider asked for a pause. */
  comesLast(endpoint: Watched): boolean
  /** More of its last attempts failed than served. */
  isFailing(endpoint: Watched): boolean
  of(id: string): Figures
  list(): readonly EndpointState[]
  /** Closes all circuits: what made them open may have been set right. */
  forgive(): void
}

type EndpointState = {
  readonly id: string
  readonly circuit: CircuitState
  /** Milliseconds that others are tried before it; 0: none. */
  readonly coolingMs: number
  readonly successes: number
  readonly failures: Readonly<Record<FailureKind, number>>
  readonly figures: Figures
}

type State = { readonly health: EndpointHealth; readonly circuit: Circuit }

/** Those that were not called for longest are forgotten above this number; each takes some ten kilobytes. */
const MOST_ENDPOINTS = 1_000

export function createHealth({ clock, log }: { clock: Pick<Clock, 'elapsed'>; log: Log }): Health {
  const states = new Map<string, State>()

  /** The one that was called last stands last. */
  const stateOf = ({ id }: Watched): State => {
    const state = states.get(id) ?? { health: newHealth(), circuit: newCircuit() }
    states.delete(id)
    states.set(id, state)
    const [oldest] = states.keys()
    if (states.size > MOST_ENDPOINTS && oldest !== undefined) states.delete(oldest)
    return state
  }

  /** Says so once where a circuit opens or closes. */
  const change = (endpoint: Watched, { circuit }: State, alter: (at: number) => void) => {
    const wasOpen = circuit.isOpen
    const { until } = circuit
    alter(clock.elapsed())
    const fields = { endpoint: endpoint.id }
    if (circuit.isOpen && (!wasOpen || circuit.until !== until)) {
      const coolingMs = Math.round(circuit.until - clock.elapsed())
      log.warn({ ...fields, failures: circuit.failures, coolingMs }, 'a circuit opened: calls go elsewhere first')
    } else if (wasOpen && !circuit.isOpen) log.info(fields, 'a circuit closed: the endpoint serves again')
  }

  return {
    claim: (endpoint) => claim(stateOf(endpoint).circuit, clock.elapsed()),
    answered(endpoint) {
      const state = stateOf(endpoint)
      change(endpoint, state, () => answered(state.circuit))
    },
    served(endpoint, { latencyMs, tokensPerSecond }) {
      const state = stateOf(endpoint)
      const at = clock.elapsed()
      noteSuccess(state.health, at)
      if (latencyMs !== undefined) noteLatency(state.health, latencyMs, at)
      if (tokensPerSecond !== undefined) noteThroughput(state.health, tokensPerSecond, at)
      change(endpoint, state, () => succeeded(state.circuit, at))
    },
    failed(endpoint, kind, rules, retryAfterMs) {
      const state = stateOf(endpoint)
      noteFailure(state.health, kind, clock.elapsed())
      if (!endpoint.hasCircuit) return
      change(endpoint, state, (at) => failed(state.circuit, rules, at, retryAfterMs))
    },
    released: (endpoint) => released(stateOf(endpoint).circuit),
    waitFor({ id }) {
      const state = states.get(id)
      return state ? waitFor(state.circuit, clock.elapsed()) : 0
    },
    comesLast({ id }) {
      const circuit = states.get(id)?.circuit
      const at = clock.elapsed()
      return circuit !== undefined && (waitFor(circuit, at) > 0 || restOf(circuit, at) > 0)
    },
    isFailing({ id }) {
      const state = states.get(id)
      return state !== undefined && isFailing(state.health, clock.elapsed())
    },
    of: (id) => figuresOf(states.get(id)?.health ?? newHealth(), clock.elapsed()),
    list: () =>
      [...states].map(([id, { health, circuit }]) => {
        const at = clock.elapsed()
        const { successes, failures } = health
        const coolingMs = Math.ceil(Math.max(waitFor(circuit, at), restOf(circuit, at)))
        return {
          id,
          circuit: circuitState(circuit, at),
          coolingMs,
          successes,
          failures,
          figures: figuresOf(health, at),
        }
      }),
    forgive() {
      for (const { circuit } of states.values()) Object.assign(circuit, newCircuit())
    },
  }
}
