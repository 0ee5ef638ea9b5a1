/** The documents' programs, and what each must print: counts and the costs that follow from them at the listed prices. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Program = {
  readonly name: string
  /** In `seeds/`, run one after the other as one program, as in their document. */
  readonly files: readonly string[]
  /** Where the document only defines a function. */
  readonly lastLines?: string
  /** Python packages. */
  readonly needs: readonly string[]
  /** Throws where the output is not what it must be. `home` is where the program ran. */
  readonly check: (output: string, home: string) => void | Promise<void>
}

export const programs: readonly Program[] = [
  { name: '000 usage and cost in the reply', files: ['000-usage.py'], needs: ['openai'], check: checkDocumented },
  { name: '001 usage and cost in the reply', files: ['001-usage.py'], needs: ['openai'], check: checkDocumented },
  { name: '002 cost in the reply', files: ['002-inline.py'], needs: ['requests'], check: checkInline },
  {
    name: '002 cost at the end of a stream',
    files: ['002-inline.py', '002-streaming.py'],
    needs: ['requests', 'openai'],
    check: checkStreaming,
  },
  { name: '002 cost by generation id', files: ['002-generation.py'], needs: ['requests'], check: checkGeneration },
  { name: '002 cost tracker', files: ['002-tracker.py'], needs: ['requests'], check: checkTracker },
  {
    name: '002 credits of a key',
    files: ['002-generation.py', '002-credits.py'],
    lastLines: 'import json\nprint("Credits:", json.dumps(check_credits(OPENROUTER_API_KEY)))\n',
    needs: ['requests'],
    check: checkCredits,
  },
]

/** Prices in tenths of a dollar per million tokens, so that all sums are whole numbers. */
const SONNET = { input: 30, output: 150 }
const GPT_4O = { input: 25, output: 100 }

const costOf = (prices: typeof SONNET, input: number, output: number): number =>
  (input * prices.input + output * prices.output) / 10_000_000

/** 14 × 0.20 + 161 × 0.05 + 80 × 0.50 USD per million. */
function checkDocumented(output: string): void {
  assert.equal(textAfter(output, 'Response'), '**Paris** is the capital of France.')
  const stats = textAfter(output, 'Usage Stats')
  for (const part of ['completion_tokens=80', 'prompt_tokens=175', 'total_tokens=255', 'cached_tokens=161'])
    assert.ok(stats.includes(part), `${part} is missing`)
  assert.equal(Number(/\bcost=([^,)]+)/.exec(stats)?.[1]), 0.00005085)
}

function checkInline(output: string): void {
  const [input, completion] = [numberAfter(output, 'Prompt tokens'), numberAfter(output, 'Completion tokens')]
  assert.ok(input > 0 && completion > 0)
  assert.equal(numberAfter(output, 'Total tokens'), input + completion)
  assert.equal(numberAfter(output, 'Cost (credits)'), costOf(SONNET, input, completion))
}

function checkStreaming(output: string): void {
  const [before = '', statistics = ''] = output.split('--- Usage Statistics ---')
  assert.ok((before.split('\n').at(-3) ?? '').length > 10, 'the answer came as a stream')
  const total = numberAfter(statistics, 'Total Tokens')
  const cost = Number(/^Cost: (\S+) credits$/m.exec(statistics)?.[1])
  assert.ok(cost > costOf(SONNET, total, 0) && cost < costOf(SONNET, 0, total), `${cost} for ${total} tokens`)
}

function checkGeneration(output: string): void {
  const [input, completion] = [
    numberAfter(output, 'Prompt Tokens (native)'),
    numberAfter(output, 'Completion Tokens (native)'),
  ]
  assert.ok(input > 0 && completion > 0)
  assert.equal(textAfter(output, 'Model'), 'anthropic/claude-sonnet-4')
  assert.equal(textAfter(output, 'Provider'), 'Simulator')
  assert.equal(textAfter(output, 'Total Cost'), `$${costOf(SONNET, input, completion).toFixed(6)}`)
  assert.equal(textAfter(output, 'Cache Discount'), '$0.000000')
  assert.equal(numberAfter(output, 'Reasoning Tokens'), 0)
  assert.equal(numberAfter(output, 'Cached Tokens'), 0)
  for (const name of ['Latency', 'Generation Time']) assert.match(textAfter(output, name), /^\d+ms$/)
}

async function checkTracker(output: string, home: string): Promise<void> {
  assert.ok(textAfter(output, 'Response 1').length > 0 && textAfter(output, 'Response 2').length > 0)
  const text = await readFile(join(home, 'cost_history.json'), 'utf8')
  const history = JSON.parse(text) as { cost_usd: number; prompt_tokens: number; completion_tokens: number }[]
  const [first, second] = history
  assert.ok(first && second && history.length === 2)
  assert.equal(first.cost_usd, costOf(SONNET, first.prompt_tokens, first.completion_tokens))
  assert.equal(second.cost_usd, costOf(GPT_4O, second.prompt_tokens, second.completion_tokens))
  assert.equal(numberAfter(output, 'Total Calls'), 2)
  assert.equal(textAfter(output, 'Total Cost'), `$${(first.cost_usd + second.cost_usd).toFixed(6)}`)
  assert.equal(textAfter(output, '  anthropic/claude-sonnet-4'), `$${first.cost_usd.toFixed(6)}`)
  assert.equal(textAfter(output, '  openai/gpt-4o'), `$${second.cost_usd.toFixed(6)}`)
}

function checkCredits(output: string): void {
  const { data } = JSON.parse(textAfter(output, 'Credits')) as { data: Record<string, unknown> }
  assert.equal(typeof data.label, 'string')
  assert.ok(typeof data.usage === 'number' && data.usage > 0)
  assert.equal(data.limit, null)
  assert.equal(typeof data.is_free_tier, 'boolean')
  const { requests, interval } = data.rate_limit as Record<string, unknown>
  assert.deepEqual([typeof requests, typeof interval], ['number', 'string'])
}

/** What stands behind `name: ` in a line of its own. */
function textAfter(output: string, name: string): string {
  const line = output.split('\n').find((candidate) => candidate.startsWith(`${name}: `))
  assert.ok(line !== undefined, `no line "${name}: …"`)
  return line.slice(name.length + 2)
}

const numberAfter = (output: string, name: string): number => Number(textAfter(output, name))
