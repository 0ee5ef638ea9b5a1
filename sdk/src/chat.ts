/** Chat completions as OpenAI's, OpenRouter's and Turnpike's APIs have them, as far as the tracker knows them; the rest passes. */

/** One message: who says it, and what. */
export type ChatMessage = { role: string; content: unknown; [name: string]: unknown }

/** What is asked of a model. */
export type ChatRequest = {
  /** The conversation so far, oldest first. */
  messages: readonly ChatMessage[]
  /** Default: `anthropic/claude-sonnet-4`. */
  model?: string | undefined
  /** Asks for the cost in the reply, and records it. Default: true. */
  trackUsage?: boolean | undefined
  /** Ends the call with an `AbortError`. */
  signal?: AbortSignal | undefined
  /** Milliseconds: for the whole reply, of a stream for its beginning. Default: 600,000. */
  timeout?: number | undefined
  /** Anything else of the API: `temperature`, `max_tokens`, `tools`, … */
  [name: string]: unknown
}

/** What a call used. Parts, such as cached tokens, stand in further members. */
export type ChatUsage = {
  /** Tokens in, cached ones among them. */
  prompt_tokens?: number | undefined
  /** Tokens out, reasoning among them. */
  completion_tokens?: number | undefined
  /** Both together. */
  total_tokens?: number | undefined
  /** USD. */
  cost?: number | undefined
  [name: string]: unknown
}

/** The whole of a reply. */
export type ChatReply = {
  /** Names the call when its generation is looked up. */
  id: string
  /** The model that answered. */
  model: string
  /** One answer, or as many as `n` asked for. */
  choices: { index: number; message: ChatMessage; finish_reason: string | null; [name: string]: unknown }[]
  /** What it used, with its cost where `trackUsage` asked for it. */
  usage?: ChatUsage | undefined
  [name: string]: unknown
}

/** A piece of a streamed reply. */
export type ChatChunk = {
  /** The same in every chunk; names the call when its generation is looked up. */
  id?: string | undefined
  /** The model that answers. */
  model?: string | undefined
  /** What came anew of each answer. */
  choices: {
    index: number
    delta: { role?: string | undefined; content?: string | null | undefined; [name: string]: unknown }
    finish_reason?: string | null | undefined
    [name: string]: unknown
  }[]
  /** In the last chunk, where `trackUsage` asked for it. */
  usage?: ChatUsage | undefined
  [name: string]: unknown
}

/** The chunks of a reply, once. Leaving the loop early ends the call; what was delivered until then is charged. */
export type ChatStream = AsyncIterable<ChatChunk> & {
  /** The id of the call, where the headers name it. */
  readonly generationId: string | undefined
}
