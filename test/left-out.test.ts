/** What a provider's wire has no place for is named in the reply's header or refused by its name, on every API. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PRICES = '{ input: "3", output: "15" }'
const PRESETS = { openai: 'openai', anthropic: 'anthropic', gemini: 'google' }
const YAML = `providers:
${Object.entries(PRESETS)
  .map(([wire, preset]) => `  p-${wire}: { type: simulator, preset: ${preset} }`)
  .join('\n')}
models:
${Object.keys(PRESETS)
  .map((wire) => `  - { id: a/${wire}, endpoints: [{ provider: p-${wire}, model: sentences, prices: ${PRICES} }] }`)
  .join('\n')}
  - id: a/either
    endpoints:
      - { provider: p-openai, model: sentences, prices: ${PRICES} }
      - { provider: p-anthropic, model: sentences, prices: ${PRICES} }`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

type Path = 'chat/completions' | 'messages' | 'responses'
const BODIES = {
  'chat/completions': { messages: [{ role: 'user', content: 'a' }] },
  messages: { max_tokens: 2_000, messages: [{ role: 'user', content: 'a' }] },
  responses: { input: 'a' },
}

async function send(path: Path, model: string, extra: object) {
  const reply = await turnpike.request(`/v1/${path}`, { body: { model, ...BODIES[path], ...extra } })
  const text = await reply.text()
  const sent = JSON.parse(turnpike.simulator.requests.at(-1)?.body ?? '{}') as Record<string, unknown>
  return { status: reply.status, text, ignored: reply.headers.get('x-turnpike-ignored')?.split(', ') ?? [], sent }
}

const ephemeral = { cache_control: { type: 'ephemeral' } }
const marked = [{ role: 'user', content: [{ type: 'text', text: 'a', ...ephemeral }] }]
const place = { type: 'approximate', city: 'Oslo' }
const nested = { user_location: { type: 'approximate', approximate: { city: 'Oslo' } } }

describe('is named', () => {
  test.each<[Path, string, object, string[]]>([
    ['messages', 'openai', { messages: marked }, ['cache_control']],
    ['messages', 'openai', { system: [{ type: 'text', text: 'b', ...ephemeral }] }, ['cache_control']],
    ['messages', 'openai', ephemeral, ['cache_control']],
    ['messages', 'gemini', { messages: marked }, ['cache_control']],
    ['messages', 'anthropic', { messages: marked }, []],
    ['messages', 'openai', { thinking: { type: 'enabled', budget_tokens: 1_024 } }, ['reasoning.max_tokens']],
    ['messages', 'openai', { output_config: { task_budget: { total: 9 } } }, ['output_config.task_budget']],
    ['messages', 'anthropic', { output_config: { task_budget: { total: 9 } } }, []],
    ['messages', 'openai', { metadata: { user_id: 'u', other: 'o' } }, ['metadata.other']],
    ['messages', 'gemini', { service_tier: 'flex' }, ['service_tier']],
    [
      'messages',
      'openai',
      { tools: [{ name: 'f', input_schema: { type: 'object' }, input_examples: [{}] }] },
      ['tools.input_examples'],
    ],
    ['responses', 'openai', { store: true, truncation: 'auto' }, ['store', 'truncation']],
    ['responses', 'openai', { store: false, truncation: 'disabled', include: ['reasoning.encrypted_content'] }, []],
    [
      'responses',
      'anthropic',
      { include: ['web_search_call.action.sources'] },
      ['include:web_search_call.action.sources'],
    ],
    ['responses', 'openai', { reasoning: { effort: 'low', summary: 'auto' } }, ['reasoning.summary']],
    ['responses', 'anthropic', { reasoning: { effort: 'low', summary: 'detailed' } }, ['reasoning.summary']],
    ['responses', 'gemini', { reasoning: { effort: 'low', summary: 'auto' } }, []],
    [
      'responses',
      'openai',
      {
        input: [
          { type: 'reasoning', id: 'r', summary: [{ type: 'summary_text', text: 't' }] },
          { role: 'user', content: 'a' },
        ],
      },
      ['reasoning_details'],
    ],
    [
      'responses',
      'openai',
      { tools: [{ type: 'web_search', external_web_access: true }] },
      ['tools.external_web_access'],
    ],
    [
      'responses',
      'gemini',
      { tools: [{ type: 'web_search', search_context_size: 'low' }] },
      ['web_search_options.search_context_size'],
    ],
    [
      'chat/completions',
      'openai',
      { plugins: [{ id: 'web' }], transforms: ['middle-out'] },
      ['plugins:web', 'transforms'],
    ],
    ['chat/completions', 'gemini', { plugins: [{ id: 'web' }] }, ['plugins:web']],
    ['chat/completions', 'openai', { messages: marked }, []],
  ])('%s to %s: %j leaves out %j', async (path, wire, extra, names) => {
    const { status, ignored, text } = await send(path, `a/${wire}`, extra)
    expect(status, text).toBe(200)
    expect(ignored).toEqual(names)
  })

  test('on streams too, before their first event', async () => {
    expect((await send('messages', 'a/openai', { messages: marked, stream: true })).ignored).toEqual(['cache_control'])
    expect((await send('responses', 'a/openai', { store: true, stream: true })).ignored).toEqual(['store'])
  })

  test('and never passed over where it asks for nothing', async () => {
    const nothing = { store: null, include: [], truncation: null, metadata: {}, max_tool_calls: null, top_logprobs: 0 }
    expect((await send('responses', 'a/anthropic', nothing)).ignored).toEqual([])
  })
})

describe('what is carried needs no name', () => {
  test('where a search is to look from, and how far, in the words of each wire', async () => {
    const responses = { tools: [{ type: 'web_search', user_location: place, search_context_size: 'low' }] }
    const openai = await send('responses', 'a/openai', responses)
    expect(openai.sent.web_search_options).toEqual({ search_context_size: 'low', ...nested })
    expect(openai.ignored).toEqual([])
    const filters = { filters: { allowed_domains: ['a.example'] }, user_location: place }
    const anthropic = await send('responses', 'a/anthropic', { tools: [{ type: 'web_search', ...filters }] })
    expect(anthropic.sent.tools).toEqual([
      expect.objectContaining({ name: 'web_search', allowed_domains: ['a.example'], user_location: place }),
    ])
    const tool = { type: 'web_search_20250305', name: 'web_search', max_uses: 3, user_location: place }
    const message = await send('messages', 'a/openai', { tools: [tool] })
    expect(message.sent.web_search_options).toEqual(nested)
    expect(message.ignored).toEqual(['web_search_options.max_uses'])
  })

  test('what a provider of the same wire is not to tell, others are not to tell either', async () => {
    const thinking = { type: 'enabled', budget_tokens: 1_024, display: 'omitted' }
    const { sent } = await send('messages', 'a/gemini', { thinking })
    expect(sent).toMatchObject({ generationConfig: { thinkingConfig: { includeThoughts: false } } })
  })

  test('a reply repeats of the request what held', async () => {
    const { text } = await send('responses', 'a/openai', { truncation: 'auto', store: true })
    expect(JSON.parse(text)).toMatchObject({ truncation: 'disabled', store: false })
  })
})

describe('is refused by its name, before anything is sent or charged', () => {
  test.each<[Path, string, object, string]>([
    ['responses', 'openai', { max_tool_calls: 2, tools: [{ type: 'web_search' }] }, 'max_tool_calls'],
    ['responses', 'openai', { previous_response_id: 'gen-1' }, 'previous_response_id'],
    ['responses', 'openai', { top_logprobs: 3 }, 'top_logprobs'],
    ['responses', 'openai', { include: ['message.output_text.logprobs'] }, 'include'],
    ['responses', 'openai', { text: { format: { type: 'grammar' } } }, 'text.format'],
    [
      'responses',
      'openai',
      { tools: [{ type: 'web_search', filters: { allowed_domains: ['a.example'] } }] },
      'web_search_options.allowed_domains',
    ],
    [
      'messages',
      'gemini',
      { tools: [{ type: 'web_search_20250305', name: 'web_search', blocked_domains: ['a.example'] }] },
      'web_search_options.blocked_domains',
    ],
  ])('%s to %s: %j', async (path, wire, extra, name) => {
    const records = (await recordsOf(turnpike)).length
    const requests = turnpike.simulator.requests.length
    const { status, text } = await send(path, `a/${wire}`, extra)
    expect(status).toBe(400)
    expect(text).toContain(name)
    expect(JSON.parse(text).error.type).toBe('invalid_request_error')
    expect(turnpike.simulator.requests.length).toBe(requests)
    expect((await recordsOf(turnpike)).slice(records).every(({ charge_nanos }) => charge_nanos === 0n)).toBe(true)
  })

  test('but goes to the next endpoint, whose wire has a word for it', async () => {
    const tools = [{ type: 'web_search', filters: { allowed_domains: ['a.example'] } }]
    const { status, sent } = await send('responses', 'a/either', { tools })
    expect(status).toBe(200)
    expect(sent.tools).toEqual([expect.objectContaining({ allowed_domains: ['a.example'] })])
    const only = { provider: { require_parameters: true }, messages: marked }
    expect((await send('messages', 'a/either', only)).sent).toHaveProperty('max_tokens')
  })
})

test('the books of all these calls are in order', () => expectSettled(turnpike))
