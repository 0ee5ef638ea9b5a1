/**
 * The model calls, for the document of the API: where they are on `/v1` and `/api/v1`, what goes in and comes out. They are
 * no operations: the gateway serves them on raw requests, and hands on what nobody here has to understand.
 */
import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'
import {
  ChatCompletion,
  ChatCompletionRequest,
  Completion,
  CompletionRequest,
  EmbeddingRequest,
  Embeddings,
  Message,
  MessageRequest,
  ModelResponse,
  OpenRouterChatCompletion,
  OpenRouterCompletion,
  OpenRouterEmbeddings,
  OpenRouterModelResponse,
  ResponseRequest,
  Sound,
  SpeechRequest,
  TokenCount,
  TokenCountRequest,
  Transcript,
  TranscriptionRequest,
} from './model-call-shapes.ts'

export type ModelCall = {
  readonly name: string
  /** Behind either mount. */
  readonly path: string
  readonly summary: string
  /** The shape of its errors: that of its mount, or on both Anthropic's. */
  readonly errorsOf: 'mount' | 'anthropic'
  readonly body: z.ZodType
  /** On `/v1` and on `/api/v1`. */
  readonly results: readonly [z.ZodType, z.ZodType]
  /** Of the reply; default: JSON. */
  readonly type?: 'application/octet-stream'
  /** Where the events of a stream tell usage and money; absent where there is no stream. */
  readonly stream?: string
  /** Free: nothing is admitted, metered or charged; it keeps to the rate of requests. */
  readonly free?: true
}

/** Beside those that every operation may answer with. */
export const CALL_ERRORS: readonly ErrorCode[] = [
  'context_length_exceeded',
  'max_tokens_exceeded',
  'insufficient_credits',
  'account_frozen',
  'content_policy_violation',
  'model_not_found',
  'no_endpoints',
  'request_timeout',
  'account_closed',
  'idempotency_key_mismatch',
  'idempotency_in_progress',
  'generation_already_settled',
  'unpriced_model',
  'budget_exceeded',
  'rate_limit_exceeded',
  'provider_error',
  'provider_overloaded',
  'provider_timeout',
]
export const COUNT_ERRORS: readonly ErrorCode[] = ['model_not_found', 'request_timeout']

const LAST_CHUNK =
  'Chunks, and `data: [DONE]`. The last chunk has usage and cost: on `/v1` where `stream_options.include_usage` or `usage.include` asks for it, on `/api/v1` always.'

export const modelCalls = [
  {
    name: 'createChatCompletion',
    path: 'chat/completions',
    summary: 'Chat with any model',
    errorsOf: 'mount',
    body: ChatCompletionRequest,
    results: [ChatCompletion, OpenRouterChatCompletion],
    stream: LAST_CHUNK,
  },
  {
    name: 'createResponse',
    path: 'responses',
    summary: "Ask any model, in the words of OpenAI's Responses API",
    errorsOf: 'mount',
    body: ResponseRequest,
    results: [ModelResponse, OpenRouterModelResponse],
    stream: 'Events; usage and cost are in the response of `response.completed`, `.incomplete` or `.failed`.',
  },
  {
    name: 'createMessage',
    path: 'messages',
    summary: "Ask any model, in the words of Anthropic's Messages API",
    errorsOf: 'anthropic',
    body: MessageRequest,
    results: [Message, Message],
    stream: 'Events; counts and cost are in the last `message_delta`.',
  },
  {
    name: 'countMessageTokens',
    path: 'messages/count_tokens',
    summary: 'How many tokens a message would be; free',
    errorsOf: 'anthropic',
    body: TokenCountRequest,
    results: [TokenCount, TokenCount],
    free: true,
  },
  {
    name: 'createCompletion',
    path: 'completions',
    summary: 'Let a model go on with a text',
    errorsOf: 'mount',
    body: CompletionRequest,
    results: [Completion, OpenRouterCompletion],
    stream: LAST_CHUNK,
  },
  {
    name: 'createSpeech',
    path: 'audio/speech',
    summary: 'Read a text aloud',
    errorsOf: 'mount',
    body: SpeechRequest,
    results: [Sound, Sound],
    type: 'application/octet-stream',
    stream: 'Events of sound, where `stream_format: "sse"` asks for them; usage is in the last one.',
  },
  {
    name: 'createTranscription',
    path: 'audio/transcriptions',
    summary: 'Write down what a recording says',
    errorsOf: 'mount',
    body: TranscriptionRequest,
    results: [Transcript, Transcript],
    stream: 'Events of text; usage is in `transcript.text.done`.',
  },
  {
    name: 'createEmbedding',
    path: 'embeddings',
    summary: 'Texts as vectors',
    errorsOf: 'mount',
    body: EmbeddingRequest,
    results: [Embeddings, OpenRouterEmbeddings],
  },
] as const satisfies readonly ModelCall[]

type Behind = (typeof modelCalls)[number]['path']
/** Where model calls come in. */
export type ModelPath = `/v1/${Behind}` | `/api/v1/${Behind}`
