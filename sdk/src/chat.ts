/** Chat completions as OpenAI's, OpenRouter's and Turnpike's APIs have them, as far as the tracker knows them; the rest passes. */

export type ChatMessage = { role: string; content: unknown; [name: string]: unknown }

export type ChatRequest = {
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

export type ChatUsage = {
  prompt_tokens?: number | undefined
  completion_tokens?: number | undefined
  total_tokens?: number | undefined
  /** USD. */
  cost?: number | undefined
  [name: string]: unknown
}

export type ChatReply = {
  id: string
  model: string
  choices: { index: number; message: ChatMessage; finish_reason: string | null; [name: string]: unknown }[]
  usage?: ChatUsage | undefined
  [name: string]: unknown
}

export type ChatChunk = {
  id?: string | undefined
  model?: string | undefined
  choices: {
    index: number
    delta: { role?: string | undefined; content?: string | null | undefined; [name: string]: unknown }
    finish_reason?: string | null | undefined
    [name: string]: unknown
  }[]
  usage?: ChatUsage | undefined
  [name: string]: unknown
}

/** The chunks of a reply, once. Leaving the loop early ends the call; what was delivered until then is charged. */
export type ChatStream = AsyncIterable<ChatChunk> & {
  /** The id of the call, where the headers name it. */
  readonly generationId: string | undefined
}
