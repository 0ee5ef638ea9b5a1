/** LangChain with OpenRouter's integration: tokens and cost are in the metadata of the reply. */
import { ChatOpenRouter } from '@langchain/openrouter'

const chat = new ChatOpenRouter({
  model: 'openai/gpt-4o-mini',
  baseURL: `${process.env.TURNPIKE_URL ?? 'http://127.0.0.1:8787'}/api/v1`,
  apiKey: process.env.TURNPIKE_API_KEY ?? '',
})

const message = await chat.invoke('What is the capital of France?')

const { total_tokens: tokens, cost } = message.response_metadata.usage as { total_tokens: number; cost: number }
console.log(message.content)
console.log(`${tokens} tokens, $${cost.toFixed(9)}`)
