/** What an attempt tells about its endpoint, and what a call's end does. */
import type { FailureKind } from '../core/endpoint-health.ts'
import { totalsOf } from '../core/usage.ts'
import type { UpstreamFailure } from '../providers/provider.ts'
import type { Admission } from './admit.ts'
import type { Candidate } from './candidates.ts'
import { isPolicy, isRefusal } from './credential.ts'
import type { Gateway } from './gateway.ts'
import type { Outcome } from './settle.ts'

/** `refused`: the provider is well, and does not want this request. */
export type AttemptKind = FailureKind | 'refused' | 'aborted' | 'unsupported'

export function kindOf(failure: UpstreamFailure): AttemptKind {
  const { kind, status } = failure
  if (kind !== 'status') return kind
  if (isAboutRequest(failure)) return 'refused'
  if (status === 429) return 'rate_limited'
  return status === 401 || status === 402 || status === 403 ? 'credential' : 'status'
}

/** Refusals that another try would not change. */
export const isAboutRequest = ({ kind, status, code }: UpstreamFailure): boolean =>
  kind === 'status' && (status === 400 || status === 413 || status === 422 || (status === 403 && isPolicy(code ?? '')))

/**
 * An endpoint has failed a call, whatever the number of tries. What a provider has against a customer's credential, or
 * against one of several of ours, says nothing about the endpoint.
 */
export function noteFailure({ health, settings }: Gateway, candidate: Candidate, failure: UpstreamFailure): void {
  const { endpoint, credential } = candidate
  const kind = kindOf(failure)
  const saysNothing = kind === 'aborted' || kind === 'unsupported' || (credential !== undefined && isRefusal(failure))
  if (kind === 'refused') health.answered(endpoint)
  else if (saysNothing) health.released(endpoint)
  else health.failed(endpoint, kind as FailureKind, rulesOf(settings), failure.retryAfterMs)
}

/** How an answer that had begun came to its end. */
export function noteEnd({ health, settings, clock }: Gateway, { call }: Admission, outcome: Outcome): void {
  const { served, status, sentAt } = outcome
  if (!served) return
  const { endpoint } = served
  if (status === 'error') health.failed(endpoint, 'cut', rulesOf(settings))
  else if (status !== 'ok' || sentAt === null) health.released(endpoint)
  else health.served(endpoint, speedOf(outcome, { sentAt, stream: call.stream, endedAt: clock.elapsed() }))
}

/** A whole reply tells nothing about its first token, and one token has no speed. */
function speedOf(
  { firstTokenAt, usage }: Outcome,
  { sentAt, stream, endedAt }: { sentAt: number; stream: boolean; endedAt: number },
) {
  const tokens = usage ? totalsOf(usage).output : 0
  const streamed = stream && firstTokenAt !== null
  const seconds = (endedAt - (streamed ? firstTokenAt : sentAt)) / 1000
  return {
    latencyMs: streamed ? firstTokenAt - sentAt : undefined,
    tokensPerSecond: tokens > 1 && seconds > 0 ? Number(tokens) / seconds : undefined,
  }
}

const rulesOf = ({ routing }: Gateway['settings']) => ({
  failures: routing.circuitFailures,
  coolMs: routing.circuitSeconds * 1000,
})
