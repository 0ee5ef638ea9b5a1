/**
 * Candidates in order until the first byte, never after: each attempt is recorded, retries and waits are bounded, and no
 * attempt starts once the client has left.
 */
import { type Refused, refuse } from '../contract/errors.ts'
import type { AttemptRecord } from '../contract/generation-facts.ts'
import { backoff } from '../lib/retry.ts'
import { UpstreamFailure, type UpstreamReply } from '../providers/provider.ts'
import type { Admission } from './admit.ts'
import type { Candidate } from './candidates.ts'
import type { ClientResponse } from './client-response.ts'
import { isByok, isPolicy, isRefusal, refusedByProvider, withoutSecret } from './credential.ts'
import type { Gateway } from './gateway.ts'
import type { Endpoint } from './routes.ts'
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

export async function forward(gateway: Gateway, admission: Admission, response: ClientResponse): Promise<Served> {
  const { clock, random, settings } = gateway
  const attempts: AttemptRecord[] = []
  const failures: UpstreamFailure[] = []
  let open = admission.candidates
  let tried = admission.candidates.at(-1)
  let refusal: Refused | undefined
  for (const candidate of admission.candidates) {
    if (!open.includes(candidate)) continue
    tried = candidate
    for (let retry = 0; retry <= settings.limits.retriesPerEndpoint; retry++) {
      if (response.gone) throw new AllFailed(attempts, refuse('provider_error'), true)
      if (attempts.length >= settings.limits.attempts) throw exhausted(attempts, failures, candidate, refusal)
      const sentAt = clock.elapsed()
      try {
        const reply = await attemptAt(gateway, admission, candidate, response)
        attempts.push(recordOf(candidate, reply.status, clock.elapsed() - sentAt, null))
        if (candidate.credential) gateway.credentials.used(candidate.credential)
        return { candidate, reply, attempts, sentAt }
      } catch (error) {
        if (!(error instanceof UpstreamFailure)) throw error
        failures.push(error)
        // Nothing was sent, so that it is no attempt; another candidate's wire may have a word for it.
        if (error.kind === 'unsupported') break
        attempts.push(recordOf(candidate, error.status ?? null, clock.elapsed() - sentAt, error.message))
        if (error.kind === 'aborted') throw new AllFailed(attempts, refuse('provider_error'), true)
        if (aboutTheRequest(error)) throw new AllFailed(attempts, passedOn(error, candidate), false)
        refusal = isRefusal(error) ? refusedOf(gateway, candidate, error) : undefined
        if (!worthRepeating(error) || retry === settings.limits.retriesPerEndpoint) break
        await clock.sleep(backoff({ attempt: retry, ...BACKOFF, random }))
      }
    }
    const last = failures.at(-1)
    if (last) open = open.filter(stillOpen(candidate, isRefusal(last)))
  }
  throw exhausted(attempts, failures, tried, refusal)
}

async function attemptAt(
  { settings: { limits } }: Gateway,
  { call, setOutputLimit }: Admission,
  { endpoint, credential }: Candidate,
  response: ClientResponse,
): Promise<UpstreamReply> {
  const attempt = endpoint.provider.send({
    api: call.api,
    converted: call.converted === true,
    ...(call.native && call.native.wire === endpoint.provider.wire ? { native: call.native } : {}),
    ...(call.wireHeaders ? { wireHeaders: call.wireHeaders } : {}),
    text: call.text,
    members: call.members,
    ...(credential ? { secret: credential.secret } : {}),
    model: endpoint.upstreamModel,
    stream: call.stream,
    outputLimit: limitFor(endpoint, setOutputLimit),
    maxOutputTokens: endpoint.model.maxOutputTokens,
    limits: {
      firstByteMs: (call.stream ? limits.firstByteSeconds : limits.replySeconds) * 1000,
      idleMs: limits.streamIdleSeconds * 1000,
      replyMs: limits.replySeconds * 1000,
      replyBytes: limits.replyBytes,
    },
  })
  response.also({ 'X-Turnpike-Ignored': attempt.ignored?.length ? attempt.ignored.join(', ') : undefined })
  // Only a stream is ended when nobody reads it, and only where that saves something: the rest is billed in full anyway.
  const stop = call.stream && endpoint.provider.onCancel === 'abort' ? response.onGone(() => attempt.abort()) : () => {}
  try {
    return await attempt.reply
  } catch (error) {
    throw error instanceof UpstreamFailure ? withoutSecret(error, credential?.secret) : error
  } finally {
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

/** The quote covers the greatest of the candidates; each is asked for no more than it has. */
const limitFor = ({ model }: Endpoint, limit: number | undefined): number | undefined =>
  limit === undefined || model.maxOutputIsDefault ? limit : Math.min(limit, model.maxOutputTokens)

const recordOf = (
  { endpoint, credential }: Candidate,
  status: number | null,
  latencyMs: number,
  error: string | null,
): AttemptRecord => ({
  provider: endpoint.provider.key,
  providerName: endpoint.provider.name,
  model: endpoint.upstreamModel,
  status,
  latencyMs: Math.round(latencyMs),
  error,
  credential: credential ? { id: credential.id, label: credential.label } : null,
  byok: credential?.customer !== undefined,
})

/** Refusals that another endpoint or another try would not change. */
const aboutTheRequest = ({ kind, status, code }: UpstreamFailure): boolean =>
  kind === 'status' && (status === 400 || status === 413 || status === 422 || (status === 403 && isPolicy(code ?? '')))

const worthRepeating = ({ kind, status = 0 }: UpstreamFailure): boolean =>
  kind === 'connect' || (kind === 'status' && (status === 408 || status >= 500))

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

function exhausted(
  attempts: readonly AttemptRecord[],
  failures: readonly UpstreamFailure[],
  candidate: Candidate | undefined,
  refusal: Refused | undefined,
): AllFailed {
  return new AllFailed(attempts, refusal ?? lastWord(failures, candidate), false)
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
