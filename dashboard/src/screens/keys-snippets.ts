/** How each client is pointed at this server, with a key that was just made. */
export type Snippet = { readonly name: string; readonly code: string }

export const snippets = (origin: string, key: string): readonly Snippet[] => [
  {
    name: 'OpenAI SDK',
    code: `import OpenAI from 'openai'

const openai = new OpenAI({ baseURL: '${origin}/v1', apiKey: '${key}' })
const reply = await openai.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'hi' }],
})
console.log(reply.choices[0].message.content)`,
  },
  {
    name: 'OpenRouter SDK',
    code: `import { OpenRouter } from '@openrouter/sdk'

const router = new OpenRouter({ serverURL: '${origin}/api/v1', apiKey: '${key}' })
const reply = await router.chat.send({
  chatRequest: { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] },
})
console.log(reply.usage?.cost)`,
  },
  {
    name: 'Vercel AI SDK',
    code: `import { createOpenRouter } from '@openrouter/ai-sdk-provider'
import { generateText } from 'ai'

const turnpike = createOpenRouter({ baseURL: '${origin}/api/v1', apiKey: '${key}' })
const { text, providerMetadata } = await generateText({ model: turnpike('openai/gpt-4o-mini'), prompt: 'hi' })
console.log(text, providerMetadata?.openrouter?.usage)`,
  },
  {
    name: 'LangChain',
    code: `import { ChatOpenRouter } from '@langchain/openrouter'

const chat = new ChatOpenRouter({ model: 'openai/gpt-4o-mini', baseURL: '${origin}/api/v1', apiKey: '${key}' })
const message = await chat.invoke('hi')
console.log(message.response_metadata.usage)`,
  },
  {
    name: 'Claude Code',
    code: `export ANTHROPIC_BASE_URL=${origin}
export ANTHROPIC_AUTH_TOKEN=${key}
unset ANTHROPIC_API_KEY
claude`,
  },
  {
    name: 'curl',
    code: `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\
  -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}'`,
  },
]
