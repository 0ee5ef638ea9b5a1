/**
 * Tracks what model calls cost, call by call, on Turnpike and on OpenRouter alike: from the usage in each reply, or from
 * the look-up of a generation. Totals are exact sums of decimal text.
 */
import type { ChatChunk, ChatReply, ChatRequest, ChatStream } from './chat.ts'
import { type CostRecord, exported, parseMoney, recordOfGeneration, recordOfUsage } from './cost-record.ts'
import { sumOf } from './decimal.ts'
import { errorOf, NotFoundError, TurnpikeError } from './errors.ts'
import { platform } from './platform.ts'
import type { Generation } from './schema.gen.ts'
import { eventsOf } from './stream.ts'
import { type ClientOptions, type RequestOptions, send, type Transport, transportOf, wait } from './transport.ts'

/** As for the client, but for any OpenRouter-like API. */
export type CostTrackerOptions = Omit<ClientOptions, 'apiKey' | 'baseUrl'> & {
  /** Default: the variable `OPENROUTER_API_KEY` where the address is OpenRouter's, else `TURNPIKE_API_KEY`. */
  readonly apiKey?: string | undefined
  /** Up to and with `/api/v1`; a host alone gets that. Default: that of `TURNPIKE_BASE_URL`, else OpenRouter's. */
  readonly baseUrl?: string | undefined
}

/**
 * ```ts
 * const tracker = new CostTracker({ apiKey: 'sk-tp-…', baseUrl: 'http://127.0.0.1:8787' })
 * await tracker.chat({ model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'What is 2+2?' }] })
 * tracker.printSummary()
 * ```
 */
export class CostTracker {
  /** Every recorded call, oldest first; each generation once. */
  readonly costHistory: readonly CostRecord[]
  readonly #history: CostRecord[] = []
  readonly #transport: Transport

  /** Throws `TurnpikeError` where no key is given, nor in the environment. */
  constructor(options: CostTrackerOptions = {}) {
    this.#transport = opened(options)
    this.costHistory = this.#history
  }

  /**
   * A chat completion whose cost is recorded; with `stream: true` its chunks, whose cost is recorded as they pass. A call
   * that is left early is recorded with cost null: `recordFromGeneration` finds out what it cost. Throws `TurnpikeError`,
   * e.g. `insufficient_credits`, `budget_exceeded`, `rate_limit_exceeded`.
   */
  chat(request: ChatRequest & { stream: true }): Promise<ChatStream>
  chat(request: ChatRequest & { stream?: false | undefined }): Promise<ChatReply>
  async chat(request: ChatRequest & { stream?: boolean | undefined }): Promise<ChatReply | ChatStream> {
    const { signal, timeout = CALL_MS, trackUsage = true, model = DEFAULT_MODEL, ...rest } = request
    const stream = request.stream === true
    const body = { model, ...rest, ...(trackUsage ? { usage: { include: true } } : {}) }
    // A second try could be a second charge.
    const outgoing = { method: 'POST', path: '/chat/completions', body, repeatable: false, stream }
    const { response, text } = await send(this.#transport, outgoing, { signal, timeout })
    if (stream) return this.#stream(response, { model, trackUsage, signal })
    const json = parseMoney(text)
    const reply = json.value as ChatReply
    if (trackUsage && typeof reply.id === 'string')
      this.#record(recordOfUsage(json, reply.usage, { id: reply.id, model, timestamp: now() }))
    return reply
  }

  /**
   * The look-up of a call: tokens, cost in USD, provider, milliseconds. It may not be there at once, so a 404 is asked
   * again, half a second later, until it was asked `retries` times. Null: not found.
   */
  async getGenerationStats(
    generationId: string,
    retries = 3,
    options?: RequestOptions,
  ): Promise<{ data: Generation } | null> {
    const found = await this.#lookUp(generationId, retries, options)
    return found === null ? null : (found.value as { data: Generation })
  }

  /** Looks a call up and records it, in place of what was recorded of it before. Null: not found. */
  async recordFromGeneration(generationId: string, options?: RequestOptions): Promise<CostRecord | null> {
    const found = await this.#lookUp(generationId, 3, options)
    const data = (found?.value as { data?: unknown } | null | undefined)?.data
    if (!found || typeof data !== 'object' || data === null) return null
    const record = recordOfGeneration(found, data, { id: generationId, model: 'unknown', timestamp: now() })
    this.#record(record)
    return record
  }

  /** USD of all recorded calls whose cost is known: the number nearest to {@link getExactTotalCost}. */
  getTotalCost(): number {
    return Number(this.getExactTotalCost())
  }

  /** USD of all recorded calls whose cost is known, as decimal text. */
  getExactTotalCost(): string {
    return sumOf(knownCosts(this.#history))
  }

  /** USD by model, as {@link getTotalCost}. */
  getCostByModel(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.getExactCostByModel()).map(([model, cost]) => [model, Number(cost)]))
  }

  /** USD by model, as decimal text. */
  getExactCostByModel(): Record<string, string> {
    const models = [...new Set(this.#history.map(({ model }) => model))]
    return Object.fromEntries(
      models.map((model) => [model, sumOf(knownCosts(this.#history.filter((record) => record.model === model)))]),
    )
  }

  /** Writes the history as JSON: to a file, under Node, Deno and Bun, or through a function, anywhere. */
  async exportHistory(target: string | ((json: string) => void | Promise<void>)): Promise<void> {
    const json = JSON.stringify(this.#history.map(exported), null, 2)
    if (typeof target === 'function') return target(json)
    // Not spelled out, so that bundlers for the browser don't look for it.
    const name = 'node:fs/promises'
    const files = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as {
      writeFile(path: string, text: string): Promise<void>
    }
    await files.writeFile(target, json)
  }

  /** Prints the total and the cost by model, in USD; says how many calls have a cost that nobody knows. */
  // biome-ignore lint/suspicious/noConsole: printing is what it is asked for
  printSummary(print: (line: string) => void = console.log): void {
    const rule = '='.repeat(50)
    const unknown = this.#history.filter(({ costUsd }) => costUsd === null).length
    print(`\n${rule}`)
    print('COST SUMMARY')
    print(rule)
    print(`Total Calls: ${this.#history.length}`)
    print(`Total Cost: $${this.getExactTotalCost()}`)
    if (unknown > 0) print(`Calls of unknown cost: ${unknown}`)
    print('\nBy Model:')
    for (const [model, cost] of Object.entries(this.getExactCostByModel())) print(`  ${model}: $${cost}`)
    print(`${rule}\n`)
  }

  /** One generation is counted once; what is known later takes the place of what was known before. */
  #record(record: CostRecord): void {
    const before = this.#history.findIndex(({ generationId }) => generationId === record.generationId)
    if (before === -1) this.#history.push(record)
    else this.#history[before] = record
  }

  async #lookUp(generationId: string, tries: number, options?: RequestOptions) {
    const outgoing = { method: 'GET', path: `/generation?id=${encodeURIComponent(generationId)}`, repeatable: true }
    for (let tried = 1; ; tried++) {
      try {
        const { text } = await send(this.#transport, outgoing, options)
        return parseMoney(text)
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error
        if (tried >= tries) return null
        await wait(platform, LOOK_UP_MS, options?.signal)
      }
    }
  }

  #stream(
    response: Response,
    { model, trackUsage, signal }: { model: string; trackUsage: boolean; signal: AbortSignal | undefined },
  ): ChatStream {
    const generationId = response.headers.get('x-generation-id') ?? undefined
    const record = (kept: CostRecord) => {
      if (trackUsage) this.#record(kept)
    }
    return {
      generationId,
      [Symbol.asyncIterator]: () => chunksOf(response, { id: generationId, model, signal, record }),
    }
  }
}

const DEFAULT_MODEL = 'anthropic/claude-sonnet-4'
const OPENROUTER = 'https://openrouter.ai/api/v1'
const CALL_MS = 600_000
const LOOK_UP_MS = 500

type Streaming = {
  readonly id: string | undefined
  readonly model: string
  readonly signal: AbortSignal | undefined
  /** Called again when more is known of the same call. */
  record(record: CostRecord): void
}

async function* chunksOf(
  response: Response,
  { model, signal, record, ...streaming }: Streaming,
): AsyncGenerator<ChatChunk> {
  let { id } = streaming
  let told = false
  try {
    for await (const text of eventsOf(response, signal)) {
      if (text === '[DONE]') return
      const json = parseMoney(text)
      const chunk = json.value as ChatChunk
      id ??= chunk.id
      if (chunk.usage && id !== undefined) {
        record(recordOfUsage(json, chunk.usage, { id, model, timestamp: now() }))
        told = true
      }
      if (chunk.error) throw errorOf({ status: statusOf(chunk.error), headers: response.headers }, text)
      yield chunk
    }
  } finally {
    if (!told && id !== undefined) record(recordOfUsage(parseMoney('{}'), undefined, { id, model, timestamp: now() }))
  }
}

/** An error within a stream: its status is in it, or it is the provider's fault. */
function statusOf(error: unknown): number {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown }
  return typeof code === 'number' && code >= 400 && code <= 599 ? code : 502
}

const now = (): string => new Date(platform.now()).toISOString()

function* knownCosts(records: readonly CostRecord[]): Iterable<string> {
  for (const { costUsd } of records) if (costUsd !== null) yield costUsd
}

/** A key of the environment goes only to the address it belongs to. */
function opened(options: CostTrackerOptions): Transport {
  const address = (options.baseUrl ?? platform.environment('TURNPIKE_BASE_URL') ?? OPENROUTER).replace(/\/+$/, '')
  const { host, pathname } = new URL(address)
  const variable = host === 'openrouter.ai' ? 'OPENROUTER_API_KEY' : 'TURNPIKE_API_KEY'
  const apiKey = options.apiKey ?? platform.environment(variable)
  if (!apiKey) throw new TurnpikeError(`The key for ${host} is missing. Pass \`apiKey\`, or set ${variable}.`)
  return transportOf({ apiKey, baseUrl: pathname === '/' ? `${address}/api/v1` : address }, options)
}
