/** OpenAI's own client: a base URL and a key are all that changes. `usage.include` asks for the cost. */
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: `${process.env.TURNPIKE_URL ?? 'http://127.0.0.1:8787'}/v1`,
  apiKey: process.env.TURNPIKE_API_KEY,
})

// Spread, because OpenAI's type of a request does not know `usage`.
const reply = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  ...{ usage: { include: true } },
})

// Its type of a reply does not know `cost` either.
const { cost } = reply as typeof reply & { cost: number }
console.log(reply.choices[0]?.message.content)
console.log(`${reply.usage?.prompt_tokens} + ${reply.usage?.completion_tokens} tokens, $${cost.toFixed(9)}`)
