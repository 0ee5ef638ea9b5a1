/**
 * A connection of its own on which a process hears what others changed, and by which one of them leads: the lock belongs
 * to the connection, and goes to another process when that breaks.
 */
import pg from 'pg'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { backoff } from '../lib/retry.ts'
import { type Change, changeText, readChange } from './announcements.ts'
import { listenerConfig, type PostgresLimits } from './postgres-connection.ts'

export type Listener = {
  onChange(hear: (change: Change) => void): void
  leads(): boolean
  stop(): Promise<void>
}

type Parts = { url: string; limits: PostgresLimits; node: number; clock: Clock; random: Random; log: Log | undefined }

/** Told to all; whoever said it knows it already. */
export const announcement = (node: number, change: Change): string => `${node} ${changeText(change)}`

export const CHANNEL = 'turnpike_changes'
/** Any fixed number; advisory locks are known by it. */
const LEADER = 7_461_129_350_002n
/** So often it is looked whether the connection still carries, and whether the leader is gone. */
const LOOK_MS = 2_000
const AGAIN = { baseMs: 100, maxMs: 2_000 }

/** Resolves after the first try to connect, whatever came of it. */
export async function startListener({ url, limits, node, clock, random, log }: Parts): Promise<Listener> {
  const hearers: ((change: Change) => void)[] = []
  let client: pg.Client | undefined
  let timer: Timer | undefined
  let leads = false
  let stands = false
  let failures = 0
  let stopped = false

  const tell = (change: Change) => {
    for (const hear of hearers) hear(change)
  }
  const connect = async () => {
    const fresh = new pg.Client(listenerConfig(url, limits))
    fresh.on('error', () => {}) // The end tells.
    fresh.on('end', () => {
      if (client !== fresh) return
      client = undefined
      leads = false
    })
    fresh.on('notification', ({ payload = '' }) => {
      const [from, ...change] = payload.split(' ')
      if (from !== String(node)) tell(readChange(change.join(' ')))
    })
    try {
      await fresh.connect()
      await fresh.query(`LISTEN ${CHANNEL}`)
      client = fresh
    } catch (error) {
      fresh.end().catch(() => {})
      throw error
    }
    // What was said while nobody listened was missed.
    tell({ kind: 'everything' })
  }
  const look = async () => {
    if (!client) await connect()
    if (leads) await client?.query('SELECT 1')
    else if (stands) leads = await takesLead(client)
  }
  const round = async () => {
    try {
      await look()
      failures = 0
    } catch (error) {
      if (failures++ === 0)
        log?.warn({ error: String(error) }, 'other processes are not heard; what they change holds here a second later')
      leads = false
      const broken = client
      client = undefined
      broken?.end().catch(() => {})
    }
    if (stopped) return
    const wait = failures === 0 ? LOOK_MS : backoff({ attempt: failures, ...AGAIN, random })
    timer = clock.after(wait, () => {
      running = round()
    })
  }
  let running = round()
  await running
  return {
    onChange: (hear) => void hearers.push(hear),
    leads() {
      stands = true
      return leads
    },
    async stop() {
      stopped = true
      timer?.cancel()
      await running
      leads = false
      await client?.end().catch(() => {})
    },
  }
}

async function takesLead(client: pg.Client | undefined): Promise<boolean> {
  const answer = await client?.query<{ held: string }>('SELECT pg_try_advisory_lock($1)::text AS held', [LEADER])
  return answer?.rows[0]?.held === 'true'
}
