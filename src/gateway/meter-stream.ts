/**
 * A stream on its way to the client: each event passes on at once, with back-pressure; the last words wait until the
 * call is settled, and carry its cost. Whatever ends it (completion, a cut, a client that leaves) ends in one `finish`.
 */
import { Refused, refuse } from '../contract/errors.ts'
import { createUsageAccumulator, type UsageAccumulator } from '../core/accumulate-usage.ts'
import { type ChunkState, type Dialect, newChunkState, type ReplyContext } from '../dialects/dialect.ts'
import type { Timer } from '../lib/clock.ts'
import { NATIVE, type UpstreamFailure, type UpstreamStream } from '../providers/provider.ts'
import type { Admission } from './admit.ts'
import type { ClientResponse } from './client-response.ts'
import { createDelivered, type Delivered } from './delivered.ts'
import type { Served } from './forward.ts'
import type { Gateway } from './gateway.ts'
import type { Finish } from './handle.ts'
import { normalise } from './normaliser.ts'
import type { Outcome } from './settle.ts'
import { createSoundDelivered } from './sound-delivered.ts'
import { type OutputReported, readingOf, statedUsage, usageOf } from './usage-of.ts'
import { createLengthWatch, createSizeWatch } from './watch-length.ts'

export type Stream = {
  readonly gateway: Gateway
  readonly dialect: Dialect
  readonly admission: Admission
  readonly served: Served & { readonly reply: { readonly kind: 'stream' } }
  readonly context: ReplyContext
  readonly client: ClientResponse
  readonly finish: Finish
}

/** How long a stream that the client left is read on, where the provider bills the whole answer anyway. */
const DRAIN_MS = 120_000

/** Resolves when the reply has ended, whichever way. */
export function meterStream(stream: Stream): Promise<void> {
  const { gateway, dialect, served, context, client } = stream
  const { stream: upstream, first } = served.reply
  const { provider } = served.candidate.endpoint
  const state = newChunkState()
  const usage = createUsageAccumulator(readingOf(served.candidate, stream.admission.call.api))
  const { sound } = stream.admission.call
  const delivered = sound ? createSoundDelivered(sound, gateway.tokens) : createDelivered(gateway.tokens)
  const ending = Promise.withResolvers<void>()
  // A client that left before the provider began to answer saw no first token, whatever comes of draining.
  const seen = !client.gone
  let firstTokenAt: number | null = null
  let cancelled = false
  /** What had been delivered when the provider last told its usage. */
  let countedBytes = 0
  let over = false
  let draining: Timer | undefined

  const end = (failure: UpstreamFailure | Refused | undefined) => {
    if (over) return
    over = true
    limit.cancel()
    draining?.cancel()
    leaving()
    const ended: Ended = {
      state,
      rawUsage: usage.raw(),
      outputReported: usage.outputReported() ? (delivered.bytes > countedBytes ? 'part' : 'all') : 'none',
      delivered,
      firstTokenAt,
      failure,
      cancelled,
      upstreamId: typeof first.id === 'string' ? first.id : null,
    }
    lastWords(stream, ended).then(ending.resolve, ending.reject)
  }
  const stop = (failure: Refused) => {
    upstream.abort()
    end(failure)
  }
  const limit = gateway.clock.after(gateway.settings.limits.streamSeconds * 1000, () =>
    stop(refuse('provider_timeout')),
  )
  const cut = () => {
    upstream.abort()
    end(undefined)
  }
  const leaving = client.onGone(() => {
    cancelled = state.finishedChoices.size < stream.admission.call.choices
    if (provider.onCancel === 'abort') cut()
    else {
      upstream.resume()
      draining = gateway.clock.after(DRAIN_MS, cut)
    }
  })
  const brake = createBrake(client, upstream)
  const watchLength = (sound ? createSizeWatch : createLengthWatch)(stream, delivered, stop)

  upstream.listen({
    event(data) {
      if (over) return
      if (seen) firstTokenAt ??= gateway.clock.elapsed()
      try {
        const tells = USAGE.test(data) && addUsage(usage, JSON.parse(data) as Record<string, unknown>)
        const text = dialect.chunk(data, context, state)
        // What the provider's own event says is said in the gateway's form as well.
        if (!data.startsWith(NATIVE)) delivered.take(data)
        if (tells) countedBytes = delivered.bytes
        // A finish reason that tells of a failure goes out as the error which ends the stream.
        const passes = text !== undefined && !client.gone && state.finish?.reason !== 'error'
        if (passes && !client.write(text)) brake()
      } catch (error) {
        return stop(error instanceof Refused ? error : refuse('provider_error'))
      }
      watchLength()
    },
    end,
  })
  return ending.promise
}

/** Upstream stalls while the client does not read. What had arrived already may call this again: one wait is enough. */
function createBrake(client: ClientResponse, upstream: UpstreamStream): () => void {
  let held = false
  return () => {
    if (held) return
    held = true
    upstream.pause()
    const release = () => {
      held = false
      leaving()
      upstream.resume()
    }
    const leaving = client.onGone(release)
    client.onDrain(release)
  }
}

/** Every choice that was asked for has finished, or the provider said that it is done after one that did. */
const isComplete = (
  { admission }: Stream,
  { finishedChoices }: ChunkState,
  failure: UpstreamFailure | Refused | undefined,
): boolean => finishedChoices.size >= admission.call.choices || (finishedChoices.size > 0 && failure === undefined)

/** Answers whether the event told any. */
function addUsage(usage: UsageAccumulator, event: Readonly<Record<string, unknown>>): boolean {
  const before = usage.raw()
  const stated = statedUsage(event)
  usage.add(stated ? { ...event, usage: stated } : event)
  return usage.raw() !== before
}

/** Only such an event is worth parsing: most say `"usage":null`, or nothing. */
const USAGE = /"usage"\s*:\s*\{/

type Ended = {
  readonly state: ChunkState
  readonly rawUsage: unknown
  readonly outputReported: OutputReported
  readonly delivered: Delivered
  readonly firstTokenAt: number | null
  readonly failure: UpstreamFailure | Refused | undefined
  /** The client left before the answer was complete. */
  readonly cancelled: boolean
  readonly upstreamId: string | null
}

/** Settles, then says the last words: usage and `[DONE]`, or the error that ended the stream. */
async function lastWords(stream: Stream, ended: Ended): Promise<void> {
  const { dialect, client, context, finish } = stream
  const { state } = ended
  const complete = isComplete(stream, state, ended.failure) && state.finish?.reason !== 'error'
  const failure = complete || ended.cancelled ? undefined : refusalOf(stream, ended.failure)
  let settled: Awaited<ReturnType<Finish>>
  try {
    settled = await finish(await outcomeOf(stream, ended, failure))
  } catch (error) {
    // The charge is not durable, so no cost is told; the stream must not look complete either.
    client.end(dialect.failure(refuse('internal_error'), context, state, undefined))
    throw error
  }
  client.end(failure ? dialect.failure(failure, context, state, settled) : dialect.ending(context, state, settled))
}

function refusalOf({ served }: Stream, failure: UpstreamFailure | Refused | undefined): Refused {
  if (failure instanceof Refused) return failure
  const code = failure?.kind === 'timeout' ? 'provider_timeout' : 'provider_error'
  return refuse(code, undefined, { providerName: served.candidate.endpoint.provider.name })
}

async function outcomeOf(stream: Stream, ended: Ended, failure: Refused | undefined): Promise<Outcome> {
  const { served, gateway, admission } = stream
  const { state, rawUsage, outputReported, firstTokenAt, upstreamId, cancelled, delivered } = ended
  const { candidate } = served
  const { usage, source } = await usageOf(gateway, admission, {
    candidate,
    raw: rawUsage,
    // Of an answer that is whole its usage tells all, wherever it stood.
    outputReported: isComplete(stream, state, ended.failure) && outputReported === 'part' ? 'all' : outputReported,
    delivered: delivered.bytes > 0,
    count: delivered.count,
  })
  if (source !== 'reported' || admission.call.sound || !normalise(gateway, admission, delivered.count))
    delivered.discard()
  return {
    status: cancelled ? 'cancelled' : failure ? 'error' : 'ok',
    served: candidate,
    attempts: served.attempts,
    usage,
    source,
    rawUsage,
    finishReason: failure ? 'error' : (state.finish?.reason ?? null),
    nativeFinishReason: state.finish?.native ?? null,
    upstreamId,
    serviceTier: wordOf(state.serviceTier),
    firstTokenAt,
    sentAt: served.sentAt,
    usable: failure !== undefined && admission.call.sound?.kind === 'speech' && delivered.bytes > 0,
  }
}

/** The dialects keep JSON texts: `"default"` → `default`, `null` → null. */
function wordOf(text: string | undefined): string | null {
  const match = text === undefined ? null : /^"([^"\\]{1,64})"$/.exec(text)
  return match?.[1] ?? null
}
