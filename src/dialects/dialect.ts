/**
 * What a dialect is: one client-facing wire, as pure functions on text. The gateway knows this interface and no
 * dialect's name. What passes through is spliced, never rebuilt: unknown members, key order and big integers survive.
 */
import type { Refused } from '../contract/errors.ts'
import type { UpstreamApi } from '../contract/upstream-api.ts'
import type { Priced } from '../core/price.ts'
import type { Usage } from '../core/usage.ts'
import type { RateHeaders } from './rate-headers.ts'

type DialectName = 'openai' | 'openrouter' | 'anthropic'

/** Of any reply. `generationId` is missing where no model call was asked for. */
export type ReplyIds = { readonly requestId: string; readonly generationId?: string }

export type ReplyContext = {
  /** `gen-…` */
  readonly id: string
  readonly requestId: string
  /** Unix seconds. */
  readonly created: number
  /** As this dialect shows it, see `modelName`. */
  readonly model: string
  /** Display name of the provider that served. */
  readonly provider: string
  /** `completions` has `text` where chat has messages and deltas. */
  readonly api: UpstreamApi
  /** What the prompt is reckoned to come to, for wires that tell it before the answer begins. */
  readonly promptTokens: number
  /** Money was asked for: `usage.include` or its header. */
  readonly asked: boolean
  /** `stream_options.include_usage` */
  readonly includeUsage: boolean
  readonly usageChoices: 'empty' | 'repeat'
  /** What of the request the reply repeats, on wires that do. */
  readonly echo?: Readonly<Record<string, unknown>>
}

/** What the call came to, once it is durable. */
export type Settled = {
  /** Undefined: unknown; `usage` and `cost` are left out, never zeros. */
  readonly usage: Usage | undefined
  readonly source: 'reported' | 'estimated' | 'unknown'
  readonly priced: Priced
  readonly isByok: boolean
  /** The tier that was served, where the provider's own word for it is not in the reply. */
  readonly serviceTier: string | null
}

/** What a stream's chunks have told so far. Made with `newChunkState`, filled by `chunk`, read by what ends the stream and by the gateway. */
export type ChunkState = {
  finish: Finish | undefined
  /** Indexes of the choices that had a finish reason; as many as were asked for: the stream is complete. */
  readonly finishedChoices: Set<number>
  /** JSON text of the choices that the last finish reason came in. */
  finishText: string | undefined
  /** JSON text, as the provider last sent it. */
  serviceTier: string | undefined
  usage: ReportedUsage | undefined
  /** What the dialect changes in every chunk, made once a stream: JSON texts by key, undefined removes. */
  edits: Map<string, string | undefined> | undefined
  /** What a dialect keeps for itself from one chunk to the next. */
  own: unknown
}

/** The provider's own usage object: its JSON text, and the same parsed. */
export type ReportedUsage = { readonly text: string; readonly value: unknown }

export type Finish = {
  readonly index: number
  /** As the provider's wire put it. */
  readonly stated: string
  /** In the common vocabulary. */
  readonly reason: FinishReason
  /** The provider's own word. */
  readonly native: string
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error'

export const newChunkState = (): ChunkState => ({
  finish: undefined,
  finishedChoices: new Set(),
  finishText: undefined,
  serviceTier: undefined,
  usage: undefined,
  edits: undefined,
  own: undefined,
})

export type ErrorReply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The part of a dialect that every route needs, with or without a model call. */
export type ErrorDialect = {
  readonly name: DialectName
  /** Headers that carry the generation's id. */
  readonly generationHeaders: readonly string[]
  /** An error before the first byte. */
  error(refused: Refused, ids: ReplyIds): ErrorReply
  readonly rateHeaders: RateHeaders
}

type Replies = ErrorDialect & {
  /**
   * The provider's whole JSON body → the reply. Throws `Refused('provider_error')` where that is no JSON object.
   * `failure`: the provider gave up midway; what it had said is delivered, and the first choice tells why it ends.
   */
  reply(body: string, context: ReplyContext, settled: Settled, failure?: Refused): string
  /** The name of a model in replies. */
  modelName(model: { readonly canonical: string; readonly asSpelled: string }): string
}

/** A wire as the gateway speaks it: what a stream says is text of whole events, ready to be written. */
export type Dialect = Replies & {
  /** One upstream event's data → what the client gets of it; undefined: nothing. Throws as `reply` does. */
  chunk(data: string, context: ReplyContext, state: ChunkState): string | undefined
  /** What ends a stream that is complete, its cost included. */
  ending(context: ReplyContext, state: ChunkState, settled: Settled): string
  /** What ends a stream that failed after its first byte. `settled` is missing where nothing is durable. */
  failure(refused: Refused, context: ReplyContext, state: ChunkState, settled: Settled | undefined): string
  /** Sent after each `everyMs` of silence. */
  readonly keepAlive: { readonly text: string; readonly everyMs: number } | undefined
}

/** A wire whose streams are chunks in plain events, one for one, and end with `[DONE]`; see `chatStream`. */
export type ChatDialect = Replies & {
  /** One upstream event's data → data for the client; undefined: nothing to send. */
  chunk(data: string, context: ReplyContext, state: ChunkState): string | undefined
  /** The last event's data before `[DONE]`; undefined: none is due. */
  usageEvent(context: ReplyContext, state: ChunkState, settled: Settled): string | undefined
  /** The data of the event that ends a stream which failed after its first byte. */
  errorEvent(refused: Refused, context: ReplyContext, state: ChunkState, settled: Settled | undefined): string
  /** A comment, sent after each `everyMs` of silence. */
  readonly keepAlive: { readonly comment: string; readonly everyMs: number } | undefined
}
