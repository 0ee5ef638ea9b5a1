/** A call as it is put to one endpoint. */
import type { UpstreamCall } from '../providers/provider.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'
import type { Endpoint } from './routes.ts'

type Bounds = {
  /** Sent upstream where the client sent none. */
  readonly setOutputLimit?: number | undefined
  /** What is left of the time for the whole call. */
  readonly leftMs?: number
  /** In place of the provider's own. */
  readonly secret?: string | undefined
}

export function upstreamCall(
  { settings: { limits } }: Pick<Gateway, 'settings'>,
  call: Call,
  endpoint: Endpoint,
  { setOutputLimit, leftMs = Number.POSITIVE_INFINITY, secret }: Bounds,
): UpstreamCall {
  const firstByteSeconds = call.stream ? limits.firstByteSeconds : limits.replySeconds
  return {
    api: call.api,
    converted: call.converted === true,
    ...(call.native && call.native.wire === endpoint.provider.wire ? { native: call.native } : {}),
    ...(call.wireHeaders ? { wireHeaders: call.wireHeaders } : {}),
    ...(call.wireQuery ? { wireQuery: call.wireQuery } : {}),
    text: call.text,
    members: call.members,
    ...(secret === undefined ? {} : { secret }),
    model: endpoint.upstreamModel,
    stream: call.stream,
    outputLimit: limitFor(endpoint, setOutputLimit),
    maxOutputTokens: endpoint.model.maxOutputTokens,
    ...(call.sound?.kind === 'recording' ? { form: call.sound.form } : {}),
    limits: {
      firstByteMs: Math.ceil(Math.min(firstByteSeconds * 1000, leftMs)),
      idleMs: limits.streamIdleSeconds * 1000,
      replyMs: Math.ceil(Math.min(limits.replySeconds * 1000, leftMs)),
      replyBytes: limits.replyBytes,
    },
  }
}

/** The quote covers the greatest of the candidates; each is asked for no more than it has. */
const limitFor = ({ model }: Endpoint, limit: number | undefined): number | undefined =>
  limit === undefined || model.maxOutputIsDefault ? limit : Math.min(limit, model.maxOutputTokens)
