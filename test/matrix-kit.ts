/** What the matrix of wires asks and reads: one request in the words of each API, and what its reply tells wherever it tells it. */

export const APIS = ['chat', 'messages', 'responses'] as const
export type Api = (typeof APIS)[number]
export const MOUNTS = ['/v1', '/api/v1'] as const
export type Mount = (typeof MOUNTS)[number]
export const PATHS = { chat: '/chat/completions', messages: '/messages', responses: '/responses' } as const

const QUESTION = 'What is the capital of France, and how many people live there?'
/** One pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const SCHEMA = { type: 'object', properties: { city: { type: 'string', enum: ['Oslo'] } }, required: ['city'] }

type Asked = {
  readonly model: string
  readonly stream: boolean
  readonly image?: boolean
  readonly tools?: boolean
  readonly reasoning?: boolean
}

/** Enough for the smallest budget that Anthropic's wire takes. */
const LIMIT = 3_000
const REASONING = {
  chat: { reasoning: { effort: 'low' } },
  messages: { thinking: { type: 'enabled', budget_tokens: 1_024 } },
  responses: { reasoning: { effort: 'low', summary: 'auto' } },
} as const

/** The same request in the words of each API. */
export function bodyOf(api: Api, { model, stream, image = false, tools = false, reasoning = false }: Asked): object {
  const shared = { model, stream, usage: { include: true }, ...(reasoning ? REASONING[api] : {}) }
  if (api === 'responses') {
    const parts = [
      { type: 'input_text', text: QUESTION },
      { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}` },
    ]
    const call = { type: 'function', name: 'weather', parameters: SCHEMA }
    const input = image ? [{ role: 'user', content: parts }] : QUESTION
    return { ...shared, max_output_tokens: LIMIT, input, ...(tools ? { tools: [call] } : {}) }
  }
  const picture =
    api === 'chat'
      ? { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }
      : { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }
  const call =
    api === 'chat'
      ? { type: 'function', function: { name: 'weather', parameters: SCHEMA } }
      : { name: 'weather', input_schema: SCHEMA }
  const content = image ? [{ type: 'text', text: QUESTION }, picture] : QUESTION
  return { ...shared, max_tokens: LIMIT, messages: [{ role: 'user', content }], ...(tools ? { tools: [call] } : {}) }
}

type Fields = Record<string, unknown>

export type Told = {
  /** Cached tokens included, whatever the API. */
  readonly input: number
  readonly output: number
  readonly cost: number
  /** What the parts of the cost come to, by the mount's own names. */
  readonly parts: readonly number[]
}

/** What a reply says that it used and cost; undefined where it says nothing. */
export function toldBy(api: Api, mount: Mount, body: Fields): Told | undefined {
  const holder = (api === 'responses' && 'response' in body ? body.response : body) as Fields
  const usage = holder.usage as Fields | null | undefined
  if (!usage || usage.cost === undefined) return undefined
  const number = (...names: string[]) => Number(usage[names.find((name) => usage[name] !== undefined) ?? ''] ?? 0)
  const beside = number('cache_read_input_tokens') + number('cache_creation_input_tokens')
  const details = (mount === '/v1' && api !== 'messages' ? holder.cost_details : usage.cost_details) as Fields
  const ofParts = mount === '/v1' && api !== 'messages' ? Object.keys(details) : UPSTREAM_PARTS
  return {
    input: number('prompt_tokens', 'input_tokens') + beside,
    output: number('completion_tokens', 'output_tokens'),
    cost: Number(usage.cost),
    parts: ofParts.map((name) => Number(details[name] ?? 0)),
  }
}

/** At the rate card, which is the charge where there is neither markup nor fee. */
const UPSTREAM_PARTS = [
  ...['upstream_inference_prompt_cost', 'upstream_inference_completions_cost'],
  ...['upstream_inference_input_cost', 'upstream_inference_output_cost'],
]

/** A sign in the reply of what the model thought, or called, in the words of each API. */
export const SIGNS: Readonly<Record<Api, { readonly thought: RegExp; readonly called: RegExp }>> = {
  chat: { thought: /"reasoning(_content)?":"[^"]/, called: /"tool_calls":\[\{[^\]]*"weather"/ },
  messages: { thought: /"type":"thinking"/, called: /"type":"tool_use"[^}]*"weather"/ },
  responses: { thought: /"type":"reasoning"/, called: /"type":"function_call"[^}]*"weather"/ },
}
