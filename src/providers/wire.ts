/** What a wire says of its replies and streams, for `sendOver` to read them. It knows no network. */
import type { SseEvent } from '../lib/sse.ts'
import type { Exchange, Headers } from './http-exchange.ts'
import type { Fields } from './json-fields.ts'
import type { UpstreamCall, UpstreamFailure, UpstreamReply } from './provider.ts'

export type Wire = {
  /** A whole reply in the gateway's own form, or why it is none. */
  whole(status: number, headers: Headers, body: string): { body: string; parsed: Fields } | UpstreamFailure
  /** The chunks of a whole reply where a stream was asked for; without this they are made of `whole`. */
  chunks?(status: number, headers: Headers, body: string): readonly Fields[] | UpstreamFailure
  /** The same for replies that may be no JSON; undefined: this one is JSON, or is to be taken for it. */
  bytes?(
    status: number,
    headers: Headers,
    body: Buffer,
  ): { contentType: string; bytes: Buffer } | UpstreamFailure | undefined
  /** Reads one stream, and tells `out` what its events say. */
  stream(status: number, headers: Headers, out: WireOut): EventReader
  /** The longest event that is taken, in bytes; a mebibyte unless stated. */
  readonly eventBytes?: number | undefined
}

type EventReader = {
  event(event: SseEvent): void
  /**
   * Nothing more comes, and the provider has said no last word: says what was held back, and answers whether the answer
   * is complete all the same.
   */
  rest?(): boolean
}

export type WireOut = {
  /**
   * The answer has begun: from here on no other candidate is tried. `first` is the first event, in the gateway's form;
   * only the first call says something.
   */
  begin(first: Fields): void
  /** The data of one event in the gateway's own form. What comes before `begin` is kept until then. */
  chunk(data: string): void
  /** The provider's last word: complete, or failed. What the reader held back is said before a failure. */
  end(failure?: UpstreamFailure): void
}

export type Outgoing = {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | Buffer
}

/** A reply that has begun, and where it goes. */
export type Receiving = {
  readonly wire: Wire
  readonly call: UpstreamCall
  readonly status: number
  readonly headers: Headers
  readonly exchange: () => Exchange
  readonly resolve: (reply: UpstreamReply) => void
  readonly reject: (failure: UpstreamFailure) => void
}

export type Receiver = { data(chunk: Buffer): void; end(failure: UpstreamFailure | undefined): void }
