/** Vercel's AI SDK with OpenRouter's provider, which passes the cost on in its metadata. */
import { createOpenRouter } from '@openrouter/ai-sdk-provider'
import { generateText } from 'ai'

const turnpike = createOpenRouter({
  baseURL: `${process.env.TURNPIKE_URL ?? 'http://127.0.0.1:8787'}/api/v1`,
  apiKey: process.env.TURNPIKE_API_KEY ?? '',
})

const { text, providerMetadata } = await generateText({
  model: turnpike('openai/gpt-4o-mini'),
  prompt: 'What is the capital of France?',
})

const { cost } = (providerMetadata?.openrouter?.usage ?? {}) as { cost?: number }
console.log(text)
console.log(`$${cost?.toFixed(9)}`)
