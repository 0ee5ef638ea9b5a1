/** OpenRouter's own SDK, on /api/v1: usage and cost come unasked. */
import { OpenRouter } from '@openrouter/sdk'

const router = new OpenRouter({
  serverURL: `${process.env.TURNPIKE_URL ?? 'http://127.0.0.1:8787'}/api/v1`,
  apiKey: process.env.TURNPIKE_API_KEY ?? '',
})

const reply = await router.chat.send({
  chatRequest: {
    model: 'openai/gpt-4o-mini',
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
  },
})

if (!('choices' in reply)) throw new Error('a whole reply was asked for')
console.log(reply.choices[0]?.message.content)
console.log(`${reply.usage?.totalTokens} tokens, $${reply.usage?.cost?.toFixed(9)}`)
