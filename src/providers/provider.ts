/**
 * What a provider is to the gateway: a place that takes the call in the gateway's own form (OpenAI's chat JSON) and
 * answers in it, whatever its wire. The gateway knows this interface and no provider's name.
 */

import type { NativeBody, NativeWire } from '../contract/native-wire.ts'
import type { OnCancel } from '../contract/provider-presets.ts'
import type { UpstreamApi } from '../contract/upstream-api.ts'
import type { UsageReading } from '../core/usage-shapes.ts'
import type { Member } from '../lib/json-scan.ts'

export type Provider = {
  readonly key: string
  /** `provider_name` in replies. */
  readonly name: string
  /** How the usage of its replies is read; undefined: it does not offer that API. */
  readingOf(api: UpstreamApi): UsageReading | undefined
  readonly onCancel: OnCancel
  /** Our own credentials where there are several to balance; empty: there is one at most, which `send` uses by itself. */
  readonly keys: readonly ProviderKey[]
  /** Takes requests of this wire as they are, and gives its replies along: `native` in the reply's form. */
  readonly wire?: NativeWire
  /** Members of a chat request that it acts upon, beside the messages. */
  readonly parameters: readonly string[]
  /** Members of this call that it would ignore, or refuse the call for; nothing is sent. */
  unmet(call: UpstreamCall): readonly string[]
  /**
   * Sends the call. Resolves with the whole reply, or as soon as a stream's answer begins; rejects with
   * {@link UpstreamFailure}. Throws one of kind `unsupported`, before anything goes up, where the wire has no word for
   * something that the call would mean something else without.
   */
  send(call: UpstreamCall): Attempt
  /**
   * Asks for the list of models with this credential, which costs nothing. Resolves where the provider takes it; rejects
   * with {@link UpstreamFailure}.
   */
  check(secret: string): Check
  close(): Promise<void>
}

/** One of our own credentials at a provider. */
export type ProviderKey = {
  /** What people know it by: never the secret. */
  readonly id: string
  readonly label: string
  readonly secret: string
  /** Its share of the calls, beside those of the others. */
  readonly weight: number
}

export type Check = { readonly taken: Promise<void>; abort(): void }

export type UpstreamCall = {
  readonly api: UpstreamApi
  /** The client's body and where its top-level members lie in it. */
  readonly text: string
  readonly members: readonly Member[]
  /** The credential of this call; undefined: the provider's own one, where it has one. */
  readonly secret?: string | undefined
  /** The model's name at this provider. */
  readonly model: string
  readonly stream: boolean
  /** Set where the client sent no output limit of its own and one must hold. */
  readonly outputLimit: number | undefined
  /** The client spoke another wire: what this provider has no word for is left out of the body. */
  readonly converted: boolean
  /** The client's own request, where it is in this provider's wire: it goes up as it came. */
  readonly native?: NativeBody
  /** Headers of Anthropic's wire that the client sent; no other wire knows them. */
  readonly wireHeaders?: Readonly<Record<string, string>>
  /** The same behind the path. */
  readonly wireQuery?: string
  /** The greatest output of the model, for wires on which a limit is not optional. */
  readonly maxOutputTokens: number
  /** An aborted stream whose tail was never read is billed by what came; a drained one by what is reported. */
  readonly limits: UpstreamLimits
  /** Sent in place of the text, for APIs that take files. */
  readonly form?: UpstreamForm
}

/** A body of `multipart/form-data`. Names and the file's own words were checked; values may be anything. */
export type UpstreamForm = {
  /** The model's name is not among them. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly file: { readonly name: string; readonly type: string; readonly bytes: Buffer }
  /** Not to be found in anything that it separates. */
  readonly boundary: string
}

type UpstreamLimits = {
  readonly firstByteMs: number
  readonly idleMs: number
  readonly replyMs: number
  readonly replyBytes: number
}

export type Attempt = {
  readonly reply: Promise<UpstreamReply>
  /** Members of the request that this wire has no word for and that only advise; the client is told their names. */
  readonly ignored?: readonly string[]
  abort(): void
}

export type UpstreamReply =
  | {
      readonly kind: 'whole'
      readonly status: number
      readonly body: string
      readonly parsed: Readonly<Record<string, unknown>>
    }
  /** A reply that is no JSON: sound, or text in a format that was asked for. */
  | { readonly kind: 'bytes'; readonly status: number; readonly contentType: string; readonly bytes: Buffer }
  /** `first` is the first event, parsed; it is delivered to the sink like the others. */
  | {
      readonly kind: 'stream'
      readonly status: number
      readonly first: Readonly<Record<string, unknown>>
      readonly stream: UpstreamStream
    }

export type UpstreamStream = {
  /** Events arrive from now on; those that came before are delivered at once. */
  listen(sink: StreamSink): void
  pause(): void
  resume(): void
  abort(): void
}

/** How an event begins that holds the provider's own one as `native`. */
export const NATIVE = '{"native":'

export type StreamSink = {
  /** The data of one event, in the gateway's own form. */
  event(data: string): void
  /** The stream's last word: the provider said that it is complete, or it broke off. Nothing comes after. */
  end(failure: UpstreamFailure | undefined): void
}

/** How an attempt failed; what the client is told follows from the last one. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure'
  /** `unsupported`: nothing was sent, since the provider's wire cannot say what the request asks for. */
  readonly kind: 'connect' | 'timeout' | 'status' | 'invalid' | 'cut' | 'aborted' | 'unsupported'
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  /** The provider's own error code or type, where it gave one. */
  readonly code: string | undefined
  /** Of `unsupported`: the member at fault. */
  readonly param: string | undefined

  constructor(
    kind: UpstreamFailure['kind'],
    message: string,
    extras: { status?: number; retryAfterMs?: number; code?: string; param?: string } = {},
  ) {
    super(message)
    this.kind = kind
    this.status = extras.status
    this.retryAfterMs = extras.retryAfterMs
    this.code = extras.code
    this.param = extras.param
  }
}
