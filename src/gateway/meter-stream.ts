/**
 * A stream on its way to the client: each event passes on at once, with back-pressure; the last words wait until the
 * call is settled, and carry its cost. Whatever ends it (completion, a cut, a client that leaves) ends in one `finish`.
 */
import { Refused, refuse } from '../contract/errors.ts'
import { createUsageAccumulator } from '../core/accumulate-usage.ts'
import { readUsage } from '../core/read-usage.ts'
import type { Usage } from '../core/usage.ts'
import { type ChunkState, type Dialect, newChunkState, type ReplyContext } from '../dialects/dialect.ts'
import { eventText } from '../lib/sse.ts'
import type { UpstreamFailure, UpstreamStream } from '../providers/provider.ts'
import type { Admission } from './admit.ts'
import type { ClientResponse } from './client-response.ts'
import { createDelivered, type Delivered } from './delivered.ts'
import { countPrompt, estimatedUsage } from './estimate.ts'
import type { Served } from './forward.ts'
import type { Gateway } from './gateway.ts'
import type { Finish } from './handle.ts'
import type { Outcome } from './settle.ts'

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
  const usage = createUsageAccumulator(provider.reading)
  const delivered = createDelivered(gateway.tokens)
  const ending = Promise.withResolvers<void>()
  let firstTokenAt: number | null = null
  let over = false
  let watched = 0

  const end = (failure: UpstreamFailure | Refused | undefined) => {
    if (over) return
    over = true
    limit.cancel()
    leaving()
    const ended: Ended = { state, rawUsage: usage.raw(), delivered, firstTokenAt, failure, left: client.gone, upstreamId: typeof first.id === 'string' ? first.id : null }
    lastWords(stream, ended).then(ending.resolve, ending.reject)
  }
  const stop = (failure: Refused) => {
    upstream.abort()
    end(failure)
  }
  const limit = gateway.clock.after(gateway.settings.limits.streamSeconds * 1000, () => stop(refuse('provider_timeout')))
  const leaving = client.onGone(() => {
    if (provider.onCancel === 'abort') {
      upstream.abort()
      end(undefined)
    } else {
      upstream.resume()
      gateway.clock.after(DRAIN_MS, () => {
        upstream.abort()
        end(undefined)
      })
    }
  })

  upstream.listen({
    event(data) {
      if (over) return
      firstTokenAt ??= gateway.clock.elapsed()
      try {
        if (mayReportUsage(data)) usage.add(JSON.parse(data))
        const text = dialect.chunk(data, context, state)
        delivered.take(data)
        if (text !== undefined && !client.gone && !client.write(eventText(text))) wait(client, upstream)
      } catch (error) {
        return stop(error instanceof Refused ? error : refuse('provider_error'))
      }
      watched = watchLength(stream, delivered, watched, stop)
    },
    end,
  })
  return ending.promise
}

/** Upstream stalls while the client does not read. */
function wait(client: ClientResponse, upstream: UpstreamStream): void {
  upstream.pause()
  client.onDrain(() => upstream.resume())
  client.onGone(() => upstream.resume())
}

/** Whether it is worth parsing an event for its usage: most say `"usage":null`, or nothing. */
function mayReportUsage(data: string): boolean {
  const at = data.lastIndexOf('"usage"')
  return at >= 0 && !/^"usage"\s*:\s*null/.test(data.slice(at, at + 16))
}

const PROGRESS_BYTES = 1_024

/** An output certainly past the request's limit ends the stream: bytes are at least tokens. Returns the bytes looked at. */
function watchLength({ gateway, admission, served }: Stream, delivered: Delivered, watched: number, stop: (failure: Refused) => void): number {
  if (delivered.bytes - watched < PROGRESS_BYTES) return watched
  gateway.progress.report(admission.id.id, delivered.estimate)
  const limit = admission.call.outputLimit ?? admission.outputLimit
  if (delivered.bytes > 16 * limit * admission.call.choices) stop(refuse('provider_error', 'The provider sent more than the output limit of the request', { providerName: served.candidate.endpoint.provider.name }))
  return delivered.bytes
}

type Ended = {
  readonly state: ChunkState
  readonly rawUsage: unknown
  readonly delivered: Delivered
  readonly firstTokenAt: number | null
  readonly failure: UpstreamFailure | Refused | undefined
  readonly left: boolean
  readonly upstreamId: string | null
}

/** Settles, then says the last words: usage and `[DONE]`, or the error that ended the stream. */
async function lastWords(stream: Stream, ended: Ended): Promise<void> {
  const { dialect, client, context, finish } = stream
  const { state } = ended
  const complete = state.finishedChoices.size > 0
  const failure = complete || ended.left ? undefined : refusalOf(stream, ended.failure)
  let settled: Awaited<ReturnType<Finish>>
  try {
    settled = await finish(await outcomeOf(stream, ended, failure))
  } catch (error) {
    // The charge is not durable, so no cost is told; the stream must not look complete either.
    client.end(eventText(dialect.errorEvent(refuse('internal_error'), context, state, undefined)))
    throw error
  }
  if (failure) return client.end(eventText(dialect.errorEvent(failure, context, state, settled)))
  const usage = dialect.usageEvent(context, state, settled)
  client.end(`${usage === undefined ? '' : eventText(usage)}${eventText('[DONE]')}`)
}

function refusalOf({ served }: Stream, failure: UpstreamFailure | Refused | undefined): Refused {
  if (failure instanceof Refused) return failure
  const code = failure?.kind === 'timeout' ? 'provider_timeout' : 'provider_error'
  return refuse(code, undefined, { providerName: served.candidate.endpoint.provider.name })
}

async function outcomeOf(stream: Stream, ended: Ended, failure: Refused | undefined): Promise<Outcome> {
  const { served } = stream
  const { state, rawUsage, firstTokenAt, upstreamId, left } = ended
  const reported = readReported(stream, ended)
  const usage = reported ?? (await estimated(stream, ended))
  if (reported) ended.delivered.discard()
  const cancelled = left && state.finishedChoices.size === 0
  return {
    status: cancelled ? 'cancelled' : failure ? 'error' : 'ok',
    served: served.candidate,
    attempts: served.attempts,
    usage,
    source: reported ? 'reported' : 'estimated',
    rawUsage,
    finishReason: failure ? 'error' : (state.finish?.reason ?? null),
    nativeFinishReason: state.finish?.native ?? null,
    upstreamId,
    serviceTier: wordOf(state.serviceTier),
    firstTokenAt,
    sentAt: served.sentAt,
  }
}

function readReported({ served, admission }: Stream, { rawUsage, delivered }: Ended): Usage | undefined {
  const { endpoint } = served.candidate
  return readUsage(endpoint.provider.reading, rawUsage, {
    model: endpoint.upstreamModel,
    contextLength: endpoint.model.contextLength,
    delivered: delivered.bytes > 0 || admission.call.bytes === 0,
  })
}

/** Input counted, output as delivered, never above the limit that was quoted. */
async function estimated({ gateway, admission }: Stream, { delivered }: Ended): Promise<Usage> {
  const [input, output] = await Promise.all([countPrompt(gateway.tokens, admission.call), delivered.count()])
  return estimatedUsage(Math.min(input, admission.inputBound), Math.min(output.tokens, admission.outputLimit * admission.call.choices))
}

/** The dialects keep JSON texts: `"default"` → `default`, `null` → null. */
function wordOf(text: string | undefined): string | null {
  const match = text === undefined ? null : /^"([^"\\]{1,64})"$/.exec(text)
  return match?.[1] ?? null
}
