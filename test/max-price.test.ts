/** `provider.max_price`: an endpoint above any one of the limits is not called, whatever the limit is of. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, expectSettled, OPENROUTER, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

/** USD by the million tokens, and by the request. */
const ENDPOINTS = {
  plain: { input: '1', output: '2' },
  dear: { input: '10', output: '20' },
  sees: { input: '1', output: '2', input_image: '5' },
  hears: { input: '1', output: '2', input_audio: '40' },
  asks: { input: '1', output: '2', request: '0.005' },
}
const line = ([meter, price]: [string, string]) =>
  `{ meter: ${meter}, price: "${price}", per: ${meter === 'request' ? 1 : 1_000_000} }`
const YAML = `providers:
${Object.keys(ENDPOINTS)
  .map((name) => `  ${name}: { type: simulator }`)
  .join('\n')}
models:
  - id: acme/all
    endpoints:
${Object.entries(ENDPOINTS)
  .map(
    ([name, prices]) =>
      `      - { provider: ${name}, model: server-error, rateCard: { lines: [${Object.entries(prices).map(line).join(', ')}] } }`,
  )
  .join('\n')}
routing: { circuitFailures: 0 }
limits: { retriesPerEndpoint: 0, attempts: 10 }
`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

/** All of them fail, so that each that fits is tried. */
async function triedFor(max_price: object): Promise<string[]> {
  const before = (await recordsOf(turnpike)).length
  const reply = await turnpike.request(OPENROUTER, {
    body: chat('acme/all', { max_tokens: 9, provider: { max_price } }),
  })
  if (reply.status === 404) return []
  expect(reply.status, await reply.text()).toBe(502)
  return (await recordsOf(turnpike))[before]?.facts.attempts.map(({ provider }) => provider) ?? []
}

const ALL = Object.keys(ENDPOINTS)
const without = (...names: string[]) => ALL.filter((name) => !names.includes(name))

// Where a card has no price for pictures or sound, their tokens are paid for as the others of the prompt.
test.each([
  [{}, ALL],
  [{ prompt: 1 }, without('dear')],
  [{ prompt: '0.999999999999999' }, []],
  [{ completion: 2 }, without('dear')],
  [{ request: '0.005' }, ALL],
  [{ request: '0.0049' }, without('asks')],
  [{ request: 0 }, without('asks')],
  [{ image: 5 }, without('dear')],
  [{ image: 4.99 }, without('dear', 'sees')],
  [{ audio: '40' }, ALL],
  [{ audio: '39.999' }, without('hears')],
  [{ prompt: 1, completion: 2, request: 0, image: 1, audio: 1 }, ['plain']],
])('%j leaves %j', async (max_price, fitting) => {
  expect(await triedFor(max_price)).toEqual(fitting)
})

test.each([
  ['prompt', 'cheap'],
  ['request', '-1'],
  ['image', 'NaN'],
  ['audio', ''],
  ['completion', -0.5],
])('a limit of %s that is %j is refused by its name', async (name, limit) => {
  const body = chat('acme/all', { provider: { max_price: { [name]: limit } } })
  const before = (await recordsOf(turnpike)).length
  const reply = await turnpike.request(OPENROUTER, { body })
  const text = await reply.text()
  expect(reply.status, text).toBe(400)
  expect(text).toContain(`provider.max_price.${name}`)
  expect((await recordsOf(turnpike)).length).toBe(before)
})

test('the books of all these calls are in order', () => expectSettled(turnpike))
