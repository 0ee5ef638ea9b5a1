/**
 * What goes into and comes out of model calls, as far as Turnpike reads and writes it. All else passes between client and
 * provider as it came, so that these shapes describe and the gateway's own schemas check.
 */
import { z } from 'zod'
import { ChatRequest, CompletionRequest as ReadCompletion } from './chat.ts'
import {
  AskedMoney,
  ChatUsage,
  EmbeddingUsage,
  MessageUsage,
  OpenRouterEmbeddingUsage,
  OpenRouterResponseUsage,
  OpenRouterUsage,
  ResponseUsage,
} from './model-call-usage.ts'
import { ModelRequest } from './model-request.ts'

const PASSES = 'What Turnpike reads. Everything else goes to the provider as it came.'

const Part = z.looseObject({ type: z.string() })
const content = z.union([z.string(), z.array(Part)])
const texts = z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))])
const stream = z.boolean().optional().meta({ description: 'As events, with usage and cost in the last of them.' })

export const ChatCompletionRequest = ChatRequest.extend({
  messages: z.array(z.looseObject({ role: z.string(), content: content.nullish() })),
}).meta({ id: 'ChatCompletionRequest', description: PASSES })

export const CompletionRequest = ReadCompletion.extend({
  prompt: texts.meta({ description: 'One prompt as text or tokens, or several.' }),
}).meta({ id: 'CompletionRequest', description: PASSES })

export const EmbeddingRequest = ModelRequest.omit({ stream: true, stream_options: true })
  .extend({
    input: texts.meta({ description: 'One text or its tokens, or several.' }),
    encoding_format: z.enum(['float', 'base64']).optional(),
    dimensions: z.int().optional(),
  })
  .meta({ id: 'EmbeddingRequest', description: PASSES })

export const SpeechRequest = ModelRequest.omit({ stream: true, stream_options: true })
  .extend({
    input: z.string().meta({ description: 'What is read aloud.' }),
    voice: z.union([z.string(), z.looseObject({ id: z.string() })]).optional(),
    response_format: z.string().optional(),
    stream_format: z.enum(['audio', 'sse']).optional(),
  })
  .meta({ id: 'SpeechRequest', description: PASSES })

/** Bytes in the format that was asked for. */
export const Sound = z.string().meta({ id: 'Sound', description: 'Bytes, in the format that was asked for.' })

export const TranscriptionRequest = ModelRequest.omit({ stream_options: true })
  .extend({
    input_audio: z
      .object({ data: z.string(), format: z.string() })
      .meta({ description: 'The recording in base64; in a form it is the part `file`.' }),
    response_format: z.string().optional(),
  })
  .meta({ id: 'TranscriptionRequest', description: `${PASSES} A form (multipart/form-data) has the same members.` })

/** Numbers of OpenAI's kinds on `/v1`, money beside them on `/api/v1`. */
export const Transcript = z
  .looseObject({ text: z.string(), usage: z.looseObject({}).optional() })
  .meta({ id: 'Transcript' })

export const ResponseRequest = ModelRequest.extend({
  input: z.union([z.string(), z.array(z.looseObject({ type: z.string().optional() }))]),
  instructions: z.string().nullish(),
  max_output_tokens: z.int().nullish(),
  tools: z.array(Part).optional().meta({ description: 'Functions and web search.' }),
  tool_choice: z.union([z.string(), Part]).optional(),
  text: z.looseObject({ format: Part.optional() }).optional(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
}).meta({
  id: 'ResponseRequest',
  description:
    'What is translated to the wire of the provider. Answers are not kept: `previous_response_id`, `conversation`, `prompt` and `background` are refused.',
})

const prompt = {
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']), content })),
  system: content.optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
  tool_choice: Part.optional(),
  thinking: Part.optional(),
}
export const MessageRequest = z
  .object({
    ...prompt,
    max_tokens: z.int(),
    stream,
    stop_sequences: z.array(z.string()).optional(),
    metadata: z.looseObject({ user_id: z.string().nullish() }).optional(),
    output_config: z.looseObject({}).optional(),
  })
  .meta({
    id: 'MessageRequest',
    description:
      "To Anthropic's wire it goes as it came; elsewhere this is what is translated. `container` and `mcp_servers` are refused.",
  })
export const TokenCountRequest = z.object(prompt)
export const TokenCount = z.object({
  input_tokens: z.int().meta({ description: "Counted here, with OpenAI's o200k vocabulary." }),
})

const finish = z.string().nullable()
const said = z.looseObject({ role: z.string(), content: z.string().nullish() })
const named = {
  id: z.string().meta({ description: 'The generation, `gen-…`: what `/api/v1/generation` is asked for.' }),
  created: z.int(),
  model: z.string(),
}
const provider = z.string().meta({ description: 'Who answered.' })

export const ChatCompletion = z
  .object({
    ...named,
    object: z.literal('chat.completion'),
    choices: z.array(z.looseObject({ index: z.int(), message: said, finish_reason: finish })),
    usage: ChatUsage.optional(),
    ...AskedMoney,
  })
  .meta({ id: 'ChatCompletion' })

export const OpenRouterChatCompletion = z
  .object({
    ...named,
    object: z.literal('chat.completion'),
    provider,
    choices: z.array(
      z.looseObject({ index: z.int(), message: said, finish_reason: finish, native_finish_reason: finish.optional() }),
    ),
    usage: OpenRouterUsage.optional(),
  })
  .meta({ id: 'OpenRouterChatCompletion' })

const written = z.array(z.looseObject({ index: z.int(), text: z.string(), finish_reason: finish }))
const completion = { ...named, object: z.literal('text_completion'), choices: written }
export const Completion = z.object({ ...completion, usage: ChatUsage.optional(), ...AskedMoney })
export const OpenRouterCompletion = z.object({ ...completion, provider, usage: OpenRouterUsage.optional() })

const embeddings = {
  object: z.literal('list'),
  model: z.string(),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]).meta({ description: 'Text where base64 was asked for.' }),
    }),
  ),
}
export const Embeddings = z.object({ ...embeddings, usage: EmbeddingUsage, ...AskedMoney })
export const OpenRouterEmbeddings = z.object({
  ...embeddings,
  id: named.id,
  provider,
  usage: OpenRouterEmbeddingUsage,
})

const response = {
  id: named.id,
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(['completed', 'incomplete', 'failed', 'in_progress']),
  model: z.string(),
  output: z.array(Part),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.looseObject({ reason: z.string() }).nullable(),
  parallel_tool_calls: z.boolean(),
  tools: z.array(Part),
  tool_choice: z.union([z.string(), Part]),
}
export const ModelResponse = z.object({ ...response, usage: ResponseUsage.optional(), ...AskedMoney })
export const OpenRouterModelResponse = z.object({ ...response, usage: OpenRouterResponseUsage.optional() })

export const Message = z
  .object({
    id: named.id,
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(Part),
    stop_reason: z.string().nullable(),
    stop_sequence: z.string().nullable(),
    usage: MessageUsage.optional(),
  })
  .meta({ id: 'Message' })
