/**
 * Kills a Turnpike under load and starts it again on the same folder, round after round. What clients saw before each
 * kill is kept, and held against what the ledger says afterwards.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { startSimulator } from '../src/simulator/simulator.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { type Chance, chanceFrom } from './chance.ts'
import { callAtRandom, type Ledger, ledgerOf, lettersAsTokens, modelsAt, modelsYaml, type Seen } from './load-kit.ts'
import { newHome, runTurnpike, startAndKill, startProcess, type TurnpikeProcess } from './turnpike-process.ts'

type Told = Seen & { readonly cost: number }

export type Round = {
  readonly seen: readonly Told[]
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
async function loadAndKill(turnpike: TurnpikeProcess, key: string, chance: Chance): Promise<Told[]> {
  const stopped = { yet: false }
  const seen: Told[] = []
  const first = Promise.withResolvers<void>()
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!stopped.yet) {
      const reply = await callAtRandom({ url: turnpike.url, key, models: NAMES, chance }).catch(() => undefined)
      if (reply?.cost !== undefined && seen.push({ ...reply, cost: reply.cost }) === 1) first.resolve()
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
${modelsYaml(MODELS)}`

const MODELS = modelsAt(['near', 'far'])
const NAMES = MODELS.map(({ id }) => id)

async function readLedger(home: string): Promise<Ledger> {
  const file = join(home, 'data/turnpike.db')
  const store = await openSqlite({ file, clock: systemClock, random: systemRandom, readonly: true })
  return ledgerOf(store).finally(() => store.close())
}
