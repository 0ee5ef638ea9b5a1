/**
 * Candidates in order until the first byte, never after: each attempt is recorded, retries and waits are bounded and
 * share one deadline, and no attempt starts once the client has left.
 */
import { type Refused, refuse } from '../contract/errors.ts'
import type { AttemptRecord } from '../contract/generation-facts.ts'
import { backoff } from '../lib/retry.ts'
import { UpstreamFailure, type UpstreamReply } from '../providers/provider.ts'
import type { Admission } from './admit.ts'
import { isAboutRequest, kindOf, noteFailure } from './attempt-outcome.ts'
import type { Candidate } from './candidates.ts'
import type { ClientResponse } from './client-response.ts'
import { isByok, isRefusal, refusedByProvider, withoutSecret } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { upstreamCall } from './upstream-call.ts'
import { stillOpen } from './with-credentials.ts'

export type Served = {
  readonly candidate: Candidate
  readonly reply: UpstreamReply
  readonly attempts: readonly AttemptRecord[] /** By `clock.elapsed()`. */
  readonly sentAt: number
}

/** Every attempt failed. What the client is told follows from the last failure; `attempts` go on the record. */
export class AllFailed extends Error {
  override readonly name = 'AllFailed'
  readonly attempts: readonly AttemptRecord[]
  readonly refused: Refused
  readonly clientLeft: boolean

  constructor(attempts: readonly AttemptRecord[], refused: Refused, clientLeft: boolean) {
    super(refused.message)
    this.attempts = attempts
    this.refused = refused
    this.clientLeft = clientLeft
  }
}

const BACKOFF = { baseMs: 100, maxMs: 2_000 }
/** A provider that asks for a longer wait is not waited for. */
const SHORT_WAIT_MS = 5_000

/** One call on its way. */
type Run = {
  readonly gateway: Gateway
  readonly admission: Admission
  readonly response: ClientResponse
  readonly attempts: AttemptRecord[]
  readonly failures: UpstreamFailure[]
  /** By `clock.elapsed()`. */
  readonly deadline: number
  /** What a customer is told whose own credential was refused last. */
  refusal: Refused | undefined
}

export async function forward(gateway: Gateway, admission: Admission, response: ClientResponse): Promise<Served> {
  const deadline = gateway.clock.elapsed() + gateway.settings.limits.callSeconds * 1000
  const run: Run = { gateway, admission, response, attempts: [], failures: [], deadline, refusal: undefined }
  const queue = [...admission.candidates]
  const deferred = new Set<Candidate>()
  let last: Candidate | undefined
  for (let candidate = queue.shift(); candidate; candidate = queue.shift()) {
    if (
      !isByok(candidate) &&
      !deferred.has(candidate) &&
      queue.length > 0 &&
      gateway.health.comesLast(candidate.endpoint)
    ) {
      deferred.add(candidate)
      queue.push(candidate)
      continue
    }
    // Where nothing else was even tried, an open circuit stays alone; where all else has failed, it is worth a try.
    if (!isByok(candidate) && !gateway.health.claim(candidate.endpoint) && run.attempts.length === 0) continue
    last = candidate
    const outcome = await tryEndpoint(run, candidate, queue)
    if ('reply' in outcome) return outcome
    const failure = run.failures.at(-1)
    if (failure) keep(queue, stillOpen(candidate, isRefusal(failure)))
    if (outcome.refused && !queue.some((next) => isAnotherModel(next, candidate)))
      throw new AllFailed(run.attempts, passedOn(outcome.refused, candidate), false)
    if (outcome.refused) keep(queue, (next) => isAnotherModel(next, candidate))
  }
  throw exhausted(run, last)
}

const keep = (queue: Candidate[], holds: (candidate: Candidate) => boolean): void =>
  void queue.splice(0, queue.length, ...queue.filter(holds))

const isAnotherModel = (a: Candidate, b: Candidate): boolean => a.endpoint.model.id !== b.endpoint.model.id

/** `refused`: another endpoint of this model would say the same of the request, another model might not. */
type Outcome = Served | { readonly refused?: UpstreamFailure }

/** One endpoint, as often as is worth it. `others` are those that can be tried after it. */
async function tryEndpoint(run: Run, candidate: Candidate, others: readonly Candidate[]): Promise<Outcome> {
  const { gateway, attempts, failures, response } = run
  const { clock, settings, health } = gateway
  let before: UpstreamFailure | undefined
  for (let retry = 0; ; retry++) {
    if (response.gone) throw leftBy(run, candidate)
    if (attempts.length >= settings.limits.attempts || clock.elapsed() >= run.deadline) {
      if (before) noteFailure(gateway, candidate, before)
      else health.released(candidate.endpoint)
      throw exhausted(run, candidate)
    }
    const sentAt = clock.elapsed()
    try {
      const reply = await attemptAt(run, candidate)
      attempts.push(recordOf(candidate, { status: reply.status, latencyMs: clock.elapsed() - sentAt }))
      health.answered(candidate.endpoint)
      if (candidate.credential) gateway.credentials.used(candidate.credential)
      return { candidate, reply, attempts, sentAt }
    } catch (failure) {
      if (!(failure instanceof UpstreamFailure)) throw failure
      before = failure
      failures.push(failure)
      // Nothing was sent where the wire has no word for it, so that it is no attempt.
      if (failure.kind !== 'unsupported')
        attempts.push(recordOf(candidate, { latencyMs: clock.elapsed() - sentAt, failure }))
      if (failure.kind === 'aborted') throw leftBy(run, candidate)
      const wait = waitBefore(run, failure, { retry, isLast: others.length === 0 })
      if (wait === undefined) {
        noteFailure(gateway, candidate, failure)
        run.refusal = isRefusal(failure) ? refusedOf(gateway, candidate, failure) : undefined
        if (!isAboutRequest(failure)) return {}
        if (!mayDifferByModel(failure)) throw new AllFailed(attempts, passedOn(failure, candidate), false)
        return { refused: failure }
      }
      await pause(run, wait)
    }
  }
}

function leftBy({ gateway, attempts }: Run, { endpoint }: Candidate): AllFailed {
  gateway.health.released(endpoint)
  return new AllFailed(attempts, refuse('provider_error'), true)
}

/** Milliseconds until the same endpoint is tried again; undefined: it is not. */
function waitBefore(
  { gateway: { settings, random, clock }, deadline }: Run,
  failure: UpstreamFailure,
  { retry, isLast }: { retry: number; isLast: boolean },
): number | undefined {
  if (retry >= settings.limits.retriesPerEndpoint) return undefined
  const jitter = backoff({ attempt: retry, ...BACKOFF, random })
  const { retryAfterMs } = failure
  const asked = retryAfterMs !== undefined && (failure.status === 429 || worthRepeating(failure))
  if (asked && (!isLast || retryAfterMs > SHORT_WAIT_MS)) return undefined
  if (!asked && !worthRepeating(failure)) return undefined
  const wait = (asked ? retryAfterMs : 0) + jitter
  return clock.elapsed() + wait < deadline ? wait : undefined
}

const worthRepeating = ({ kind, status = 0 }: UpstreamFailure): boolean =>
  kind === 'connect' || (kind === 'status' && (status === 408 || status >= 500))

/** A client that leaves is not waited for. */
async function pause({ gateway: { clock }, response }: Run, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(ms, resolve)
  const stop = response.onGone(resolve)
  await promise
  timer.cancel()
  stop()
}

async function attemptAt(run: Run, { endpoint, credential }: Candidate): Promise<UpstreamReply> {
  const { gateway, response, deadline } = run
  const { call, setOutputLimit } = run.admission
  const { provider } = endpoint
  const leftMs = deadline - gateway.clock.elapsed()
  const sent = upstreamCall(gateway, call, endpoint, { setOutputLimit, leftMs, secret: credential?.secret })
  const attempt = provider.send(sent)
  // A provider of the client's own wire got all of it.
  const ignored = new Set([...((!sent.native && call.ignored) || []), ...(attempt.ignored ?? [])])
  response.also({ 'X-Turnpike-Ignored': ignored.size > 0 ? [...ignored].join(', ') : undefined })
  // Only a stream is ended when nobody reads it, and only where that saves something: the rest is billed in full anyway.
  const stop = call.stream && provider.onCancel === 'abort' ? response.onGone(() => attempt.abort()) : () => {}
  let late = false
  const timer = gateway.clock.after(leftMs, () => {
    late = true
    attempt.abort()
  })
  try {
    return await attempt.reply
  } catch (failure) {
    if (late) throw new UpstreamFailure('timeout', 'the time for the whole call was over')
    throw failure instanceof UpstreamFailure ? withoutSecret(failure, credential?.secret) : failure
  } finally {
    timer.cancel()
    stop()
  }
}

/** The credential rests, whosever it is; a customer is told what became of theirs. */
function refusedOf({ credentials }: Gateway, candidate: Candidate, failure: UpstreamFailure): Refused | undefined {
  const { credential, endpoint } = candidate
  if (!credential) return undefined
  credentials.refused(credential, failure)
  return refusedByProvider(credential, endpoint.provider.name, failure)
}

type Tried = { readonly latencyMs: number; readonly status?: number; readonly failure?: UpstreamFailure }

const recordOf = ({ endpoint, credential }: Candidate, { latencyMs, status, failure }: Tried): AttemptRecord => ({
  provider: endpoint.provider.key,
  providerName: endpoint.provider.name,
  model: endpoint.upstreamModel,
  status: status ?? failure?.status ?? null,
  latencyMs: Math.round(latencyMs),
  kind: failure ? kindOf(failure) : null,
  error: failure?.message ?? null,
  credential: credential ? { id: credential.id, label: credential.label } : null,
  byok: credential?.customer !== undefined,
})

/** Another model may have a longer context, or another policy. */
const mayDifferByModel = ({ status, code }: UpstreamFailure): boolean =>
  code === 'context_length_exceeded' || status === 403 || status === 413

function passedOn(failure: UpstreamFailure, { endpoint }: Candidate): Refused {
  const extras = {
    providerName: endpoint.provider.name,
    raw: failure.message,
    ...(failure.code === undefined ? {} : { providerCode: failure.code }),
  }
  if (failure.status === 403) return refuse('content_policy_violation', failure.message, extras)
  if (failure.status === 413) return refuse('payload_too_large', failure.message, extras)
  if (failure.code === 'context_length_exceeded') return refuse('context_length_exceeded', failure.message, extras)
  return refuse('invalid_request', failure.message, { ...extras, ...(failure.status === 422 ? { status: 422 } : {}) })
}

function exhausted(run: Run, candidate: Candidate | undefined): AllFailed {
  const { gateway, admission, attempts, failures, refusal } = run
  if (refusal) return new AllFailed(attempts, refusal, false)
  if (failures.length > 0) return new AllFailed(attempts, lastWord(failures, candidate), false)
  const waits = admission.candidates.map(({ endpoint }) => gateway.health.waitFor(endpoint))
  const retryAfterMs = Math.max(1_000, Math.min(...waits))
  return new AllFailed(attempts, refuse('provider_overloaded', undefined, { retryAfterMs }), false)
}

function lastWord(all: readonly UpstreamFailure[], candidate: Candidate | undefined): Refused {
  const failures = all.filter(({ kind }) => kind !== 'unsupported')
  const last = failures.at(-1)
  const [unsupported] = all
  if (!last && unsupported)
    return refuse(
      'invalid_request',
      unsupported.message,
      unsupported.param === undefined ? {} : { param: unsupported.param },
    )
  const extras = {
    ...(candidate ? { providerName: candidate.endpoint.provider.name } : {}),
    previousErrors: failures.slice(0, -1).map(({ status, message }) => ({ code: status ?? 502, message })),
  }
  if (last?.status === 429) {
    const hints = failures.filter(({ status }) => status === 429).map(({ retryAfterMs }) => retryAfterMs)
    const known = hints.every((hint) => hint !== undefined) && failures.every(({ status }) => status === 429)
    const whose =
      candidate && isByok(candidate)
        ? `${candidate.endpoint.provider.name} limits the rate of your own credential`
        : undefined
    return refuse('rate_limit_exceeded', whose, {
      ...extras,
      ...(known ? { retryAfterMs: Math.min(...hints.map((hint) => hint ?? 0)) } : {}),
    })
  }
  if (last?.kind === 'timeout' || last?.status === 408 || last?.status === 504)
    return refuse('provider_timeout', undefined, extras)
  if (last?.status === 503 || last?.status === 529) return refuse('provider_overloaded', undefined, extras)
  return refuse('provider_error', undefined, extras)
}
