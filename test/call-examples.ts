/** A body for each model call, which the simulator answers. Whoever adds a call adds one: nothing compiles without. */
import type { modelCalls } from '../src/contract/model-calls.ts'
import { wavHeader } from '../src/lib/wav.ts'

export type CallName = (typeof modelCalls)[number]['name']

const usage = { include: true }
/** A second of silence. */
const SILENCE = Buffer.concat([wavHeader(16_000, 8_000), Buffer.alloc(16_000)])
const messages = [{ role: 'user', content: 'hi' }]

export const callExamples: Readonly<Record<CallName, object>> = {
  createChatCompletion: { model: 'gpt-4o-mini', messages, usage },
  createResponse: { model: 'gpt-4o-mini', input: 'hi', usage },
  createMessage: { model: 'claude-sonnet-4.5', max_tokens: 50, messages },
  countMessageTokens: { model: 'claude-sonnet-4.5', messages },
  createCompletion: { model: 'gpt-3.5-turbo-instruct', prompt: 'hi', usage },
  createSpeech: { model: 'gpt-4o-mini-tts', input: 'hi', voice: 'alloy' },
  createTranscription: { model: 'whisper-1', input_audio: { data: SILENCE.toString('base64'), format: 'wav' }, usage },
  createEmbedding: { model: 'text-embedding-3-small', input: 'hi', usage },
}
