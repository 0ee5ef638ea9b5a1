/** Recorded replies of those who speak OpenAI's wire, each with its accent: what is told, counted and charged. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { roundToNanos } from '../src/lib/money.ts'
import { ratio } from '../src/lib/ratio.ts'
import type { ScriptStep } from '../src/simulator/script.ts'
import type { Simulator } from '../src/simulator/simulator.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { chat, eventsOf, MOUNTS, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { startUpstream } from './gemini-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const FOLDER = new URL('./fixtures/openai-wire/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8')
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.expected.json'))
  .map((file) => file.replace('.expected.json', ''))

type Expected = {
  readonly content: string | null
  readonly reasoning?: string
  readonly tools?: readonly { readonly name: string; readonly arguments: string }[]
  readonly finish: string
  /** By meter. */
  readonly usage: Readonly<Record<string, number>>
  readonly costUsd: string
}

/** A fixture's name begins with the preset whose provider answered so. */
const presetOf = (name: string): string => name.replace(/-tools$/, '')
const CARD =
  'prices: { input: "0.3", cache_read: "0.03", cache_write: "0.375", output: "2.5", output_reasoning: "2.5" }'

let upstream: Simulator
let turnpike: Turnpike
beforeAll(async () => {
  upstream = await startUpstream()
  const presets = [...new Set(names.map(presetOf))]
  turnpike = await startTurnpike({
    yaml: `
providers:
${presets.map((preset) => `  ${preset}: { baseUrl: "${upstream.url}", apiKey: key-of-a-test }`).join('\n')}
limits: { retriesPerEndpoint: 0 }
routing: { circuitFailures: 0 }
models:
${presets.map((preset) => `  - { id: acme/${preset}, contextLength: 20000, maxOutputTokens: 4000, endpoints: [{ provider: ${preset}, model: ${preset}, ${CARD} }] }`).join('\n')}
`,
  })
})
afterAll(async () => {
  await turnpike.close()
  await upstream.close()
})

async function replay(name: string, steps: readonly ScriptStep[], stream: boolean, path: string) {
  const type = stream ? 'text/event-stream; charset=utf-8' : 'application/json'
  const script = upstream.script(presetOf(name), steps, { times: 1, headers: { 'content-type': type } })
  const before = (await recordsOf(turnpike)).length
  const body = chat(`acme/${presetOf(name)}`, { max_tokens: 3_000, stream, usage: { include: true } })
  const reply = await turnpike.request(path, { body })
  const text = await reply.text()
  script.stop()
  const [record] = await recordsSince(turnpike, before)
  if (!record) throw new Error('a call leaves a record')
  return { status: reply.status, text, record }
}

/** In pieces of any length, in the middle of a character too. */
function inPieces(bytes: Buffer, chance: ReturnType<typeof chanceFrom>): ScriptStep[] {
  const steps: ScriptStep[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + chance.below(chance.below(2) === 0 ? 8 : 400)
    steps.push({ raw: bytes.subarray(at, end) })
    at = end
  }
  return steps
}

type Call = { index?: number; function: { name?: string; arguments: string } }
type Message = { content?: string | null; reasoning?: string; reasoning_content?: string; tool_calls?: Call[] }
type Choice = { message?: Message; delta?: Message; finish_reason: string | null }
type Body = { choices: Choice[]; usage?: { cost: number } }

/** What a client reads from it: a whole reply is one event of a stream. */
function told(events: readonly Body[]) {
  const [tools, all]: [{ name: string; arguments: string }[], Choice[]] = [[], events.flatMap(({ choices }) => choices)]
  const said = all.map(({ message, delta }) => message ?? delta ?? {})
  for (const [place, { index = place, function: part }] of said.flatMap(({ tool_calls = [] }) => [
    ...tool_calls.entries(),
  ])) {
    const tool = tools[index] ?? { name: '', arguments: '' }
    tools[index] = tool
    tool.name += part.name ?? ''
    tool.arguments += part.arguments
  }
  return {
    content: said.map(({ content }) => content ?? '').join('') || null,
    reasoning: said.map(({ reasoning, reasoning_content }) => reasoning ?? reasoning_content ?? '').join(''),
    tools,
    finish: all.map(({ finish_reason }) => finish_reason).findLast((reason) => reason !== null),
    cost: events.map(({ usage }) => usage?.cost).findLast((cost) => cost !== undefined),
  }
}

function expectTold(events: readonly Body[], record: Awaited<ReturnType<typeof replay>>['record'], expected: Expected) {
  const { content, reasoning = '', tools = [], finish, usage, costUsd } = expected
  expect(told(events)).toEqual({ content, reasoning, tools, finish, cost: Number(costUsd) })
  expect(JSON.parse(record.counts)).toEqual(
    Object.fromEntries(Object.entries(usage).map(([meter, count]) => [meter, String(count)])),
  )
  expect(record).toMatchObject({ status: 'ok', source: 'reported', flags: [] })
  expect(record.charge_nanos).toBe(roundToNanos(ratio(costUsd)))
}

const seed = seedOfRun()

describe('a recorded reply', () => {
  for (const name of names) {
    const expected = JSON.parse(read(`${name}.expected.json`)) as Expected
    for (const path of MOUNTS) {
      test(`${name}, whole, on ${path}`, async () => {
        const { text, record } = await replay(name, [{ raw: read(`${name}.json`) }], false, path)
        expectTold([JSON.parse(text)], record, expected)
      })

      test(`${name}, streamed in pieces, on ${path} (FC_SEED=${seed})`, async () => {
        const bytes = readFileSync(new URL(`${name}.chunks.txt`, FOLDER))
        const { text, record } = await replay(name, inPieces(bytes, chanceFrom(seed)), true, path)
        expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
        expectTold(eventsOf(text).json as Body[], record, expected)
      })
    }

    test(`${name}, cut before it finished, is told as a failure and charged nothing (FC_SEED=${seed})`, async () => {
      const bytes = readFileSync(new URL(`${name}.chunks.txt`, FOLDER))
      const end = bytes.indexOf(`"finish_reason":"${expected.finish}"`)
      const steps: ScriptStep[] = [{ raw: bytes.subarray(0, chanceFrom(seed).below(end)) }, 'close']
      const { text, record } = await replay(name, steps, true, OPENROUTER)
      expect(text).toContain('"error"')
      expect(text).not.toContain('[DONE]')
      expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
    })
  }
})
