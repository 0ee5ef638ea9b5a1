/**
 * Which reading a provider's API needs. The API decides where its shape is one vendor's own; chat, which everybody
 * speaks with an accent, is decided by the provider.
 */
import type { UsageReading } from './usage-shapes.ts'

/** `preset` is the provider's key (`openai`, `x-ai` …; any other reads as OpenAI-compatible), `api` what was called. */
export function readingFor(preset: string, api: string): UsageReading {
  const byApi = BY_API.get(api)
  if (byApi) return byApi
  if (api === 'responses') return preset === 'x-ai' ? 'xai-responses' : 'openai-responses'
  return BY_PRESET.get(preset) ?? 'openai-compatible'
}

const BY_API: ReadonlyMap<string, UsageReading> = new Map<string, UsageReading>([
  ['recorded', 'recorded'],
  ['messages', 'anthropic'],
  ['invoke', 'anthropic'],
  ['converse', 'bedrock'],
  ['generateContent', 'gemini'],
  ['streamGenerateContent', 'gemini'],
  ['live', 'gemini'],
  ['interactions', 'gemini'],
  ['openai-compat-chat', 'gemini-compat'],
  ['sdk', 'xai-sdk'],
  ['v2-chat', 'cohere'],
  ['api/chat', 'ollama'],
  ['api/generate', 'ollama'],
  ['embeddings', 'openai-embeddings'],
  ['realtime', 'openai-modality'],
  ['images', 'openai-modality'],
  ['images/generations', 'openai-modality'],
  ['audio/speech', 'openai-audio'],
  ['audio/transcriptions', 'openai-audio'],
])

const BY_PRESET: ReadonlyMap<string, UsageReading> = new Map<string, UsageReading>([
  ['openai', 'openai-chat'],
  ['azure', 'openai-chat'],
  ['google', 'gemini-compat'],
  ['x-ai', 'xai-chat'],
  ['deepseek', 'deepseek'],
  ['mistral', 'mistral'],
  ['groq', 'groq'],
  ['openrouter', 'openrouter'],
  ['perplexity', 'perplexity'],
  ['cohere', 'cohere'],
  ['alibaba', 'alibaba'],
  ['moonshot', 'moonshot'],
  ['ollama', 'ollama'],
  ['vllm', 'vllm'],
])
