/** A stream: the text as it comes, and the cost in the last chunk, once the charge is on disk. */
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: `${process.env.TURNPIKE_URL ?? 'http://127.0.0.1:8787'}/v1`,
  apiKey: process.env.TURNPIKE_API_KEY,
})

const stream = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  stream: true,
  stream_options: { include_usage: true },
  ...{ usage: { include: true } },
})

for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '')
  const { cost } = chunk as typeof chunk & { cost?: number }
  if (cost !== undefined) console.log(`\n${chunk.usage?.total_tokens} tokens, $${cost.toFixed(9)}`)
}
