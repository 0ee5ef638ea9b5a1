/**
 * Kills a Turnpike under load and starts it again on the same folder, round after round. What clients saw before each
 * kill is kept, and held against what the ledger says afterwards.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/lib/clock.ts'
import { generationId } from '../src/lib/id.ts'
import { systemRandom } from '../src/lib/random.ts'
import { startSimulator } from '../src/simulator/simulator.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { type Chance, chanceFrom } from './chance.ts'
import { newHome, runTurnpike, startAndKill, startProcess, type TurnpikeProcess } from './turnpike-process.ts'

/** A reply that a client read to its end. */
type Seen = { readonly id: string; readonly cost: number }

/** What lies in the file of a stopped or a running Turnpike. */
type Ledger = {
  /** Admitted and not yet settled. */
  readonly pending: readonly string[]
  readonly records: ReadonlyMap<string, { readonly status: string; readonly source: string; readonly cost: number }>
  readonly recordCount: number
  /** Of the provider outside the process. */
  readonly farCount: number
  readonly chargedNanos: bigint
  readonly postedNanos: bigint
  readonly reservedNanos: bigint
}

export type Round = {
  readonly seen: readonly Seen[]
  /** As it was found after the kill, before anything started again. */
  readonly killed: Ledger
  readonly after: Ledger
  /** How many calls of this and earlier rounds reached the provider outside the process, each perhaps more than once. */
  readonly sentUpstream: number
  /** Started and killed once more before it was left to recover. */
  readonly killedAgain: boolean
  readonly welcome: string
  readonly verify: { readonly code: number | null; readonly text: string }
}

export const DEMO_CREDIT_NANOS = 25_000_000_000n

export type KillOptions = { readonly rounds: number; readonly seed: number; readonly check: (round: Round) => void }

/** Rejects where a check throws; the folder is removed either way. */
export async function killRounds({ rounds, seed, check }: KillOptions): Promise<void> {
  const chance = chanceFrom(seed)
  const upstream = await startSimulator({ clock: systemClock, ...lettersAsTokens })
  const home = newHome(settings(upstream.url))
  let turnpike = await startProcess({ home })
  const key = turnpike.demoKey
  const sent = new Set<string>()
  try {
    for (let round = 0; round < rounds; round++) {
      const { next, ...result } = await killRound({ home, turnpike, key, chance })
      turnpike = next
      for (const { body } of upstream.requests) sent.add(body)
      check({ ...result, sentUpstream: sent.size })
    }
  } finally {
    turnpike.signal('SIGKILL')
    await turnpike.ended
    await upstream.close()
    rmSync(home, { recursive: true, force: true })
  }
}

type RoundParts = {
  readonly home: string
  readonly turnpike: TurnpikeProcess
  readonly key: string
  readonly chance: Chance
}

const CLIENTS = 24
const FIRST_REPLY_MS = 30_000

async function killRound({ home, turnpike, key, chance }: RoundParts) {
  const seen = await loadAndKill(turnpike, key, chance)
  const killed = await readLedger(home)
  const killedAgain = chance.below(3) === 0
  if (killedAgain) await startAndKill({ home }, chance.below(900))
  const next = await startProcess({ home })
  const [after, verified] = [await readLedger(home), await runTurnpike({ home, args: ['verify'] })]
  const verify = { code: verified.code, text: verified.stdout + verified.stderr }
  return { next, seen, killed, after, killedAgain, welcome: next.stderr(), verify }
}

/** The replies that clients had in full when the server died under them. */
async function loadAndKill(turnpike: TurnpikeProcess, key: string, chance: Chance): Promise<Seen[]> {
  const stopped = { yet: false }
  const seen: Seen[] = []
  const first = Promise.withResolvers<void>()
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!stopped.yet) {
      const reply = await call(turnpike.url, key, chance).catch(() => undefined)
      if (reply && seen.push(reply) === 1) first.resolve()
    }
  })
  try {
    // One kill in five comes while the first calls are on their way in.
    if (chance.below(5) > 0) await within(FIRST_REPLY_MS, first.promise)
    await systemClock.sleep(chance.below(600))
  } finally {
    stopped.yet = true
    turnpike.signal('SIGKILL')
    await turnpike.ended
    await Promise.all(clients)
  }
  return seen
}

async function within(ms: number, reply: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = systemClock.after(ms, () => late.reject(new Error(`no call was answered within ${ms} ms`)))
  await Promise.race([reply, late.promise]).finally(() => timer.cancel())
}

/** One provider outlives the kill, in this process; the other is the simulator, which dies with the server. */
const settings = (upstreamUrl: string): string => `providers:
  near: { type: simulator }
  far: { type: openai, baseUrl: "${upstreamUrl}", apiKey: none }
models:
${MODELS.map(
  ({ id, provider, upstream }) =>
    `  - id: ${id}
    contextLength: 10000
    maxOutputTokens: 400
    endpoints: [{ provider: ${provider}, model: ${upstream}, prices: { input: "0.20", cache_read: "0.05", output: "0.50" } }]
`,
).join('')}`

const MODELS = ['near', 'far'].flatMap((provider) =>
  ['sentences', 'slow-first-token-150', 'slow-20', 'exact', 'no-usage', 'cut-stream-4'].map((upstream) => ({
    id: `${provider}/${upstream}`,
    provider,
    upstream,
  })),
)

/** Nothing here depends on the number of tokens, so any count will do. */
const lettersAsTokens = {
  countTokens: async (text: string) => Math.ceil(text.length / 4),
  countPrompt: async () => 10,
}

/** One call in any form; undefined where there is no complete reply with a cost. */
async function call(url: string, key: string, chance: Chance): Promise<Seen | undefined> {
  const model = MODELS[chance.below(MODELS.length)]?.id
  const stream = chance.below(2) === 0
  const leaves = chance.below(8) === 0
  const response = await fetch(`${url}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: randomUUID() }] }),
    ...(leaves ? { signal: AbortSignal.timeout(20 + chance.below(200)) } : {}),
  })
  const text = await response.text()
  if (response.status !== 200) return undefined
  return stream ? lastCost(text) : seenIn(JSON.parse(text))
}

/** Of a stream that came to its end. */
function lastCost(text: string): Seen | undefined {
  if (!text.endsWith('data: [DONE]\n\n')) return undefined
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  return events.map((event) => seenIn(JSON.parse(event.slice('data: '.length)))).findLast((seen) => seen !== undefined)
}

function seenIn(body: { id?: string; usage?: { cost?: number } }): Seen | undefined {
  return body.id !== undefined && body.usage?.cost !== undefined ? { id: body.id, cost: body.usage.cost } : undefined
}

async function readLedger(home: string): Promise<Ledger> {
  const file = join(home, 'data/turnpike.db')
  const store = await openSqlite({ file, clock: systemClock, random: systemRandom, readonly: true })
  try {
    const { sql } = store
    const pending = await store.rows(sql.selectFrom('reservations').select('code').where('kind', '=', 'gateway'))
    const records = await store.rows(
      sql.selectFrom('usage_records').select(['code', 'provider', 'status', 'source', 'charge_exact', 'charge_nanos']),
    )
    const [account] = await store.rows(sql.selectFrom('accounts').select(['posted_nanos', 'reserved_nanos']))
    return {
      pending: pending.map(({ code }) => generationId(code)),
      records: new Map(
        records.map(({ code, status, source, charge_exact }) => [
          generationId(code),
          { status, source, cost: Number(charge_exact) },
        ]),
      ),
      recordCount: records.length,
      farCount: records.filter(({ provider }) => provider === 'far').length,
      chargedNanos: records.reduce((sum, { charge_nanos }) => sum + (charge_nanos ?? 0n), 0n),
      postedNanos: account?.posted_nanos ?? 0n,
      reservedNanos: account?.reserved_nanos ?? 0n,
    }
  } finally {
    await store.close()
  }
}
