/** What those who run the server see of it beyond what every organisation does: database, queues, disk, nodes, settings. */
import { MOST_SETTINGS } from '../contract/system.ts'
import type { Caller } from '../core/caller.ts'
import { instantText } from '../lib/clock.ts'
import { lastVerified } from '../store/last-verify.ts'
import { databaseBytes, livingNodes, migrationState } from '../store/server-state.ts'
import { StoreTooSlow } from '../store/store.ts'
import { countWaiting } from '../store/waiting.ts'
import type { ApiParts, Whole } from './parts.ts'

type ServerState = NonNullable<Whole<'getSystem'>['body']['system']['server']>

const WITHIN_MS = 5_000

/** Null: the caller's organisation is a guest here. */
export async function serverState(parts: ApiParts, caller: Caller): Promise<ServerState | null> {
  if (caller.organisationId !== parts.operatorOrganisationId) return null
  const { store, system } = parts
  const [migrations, waiting, bytes, free, nodes, verified] = await Promise.all([
    migrationState(store),
    countWaiting(store, WITHIN_MS).catch(unknownIfSlow),
    databaseBytes(store),
    system.freeBytes(),
    livingNodes(store),
    lastVerified(store),
  ])
  return {
    migrations: {
      applied: migrations.applied.length,
      last: migrations.applied.at(-1) ?? null,
      open: migrations.open.length,
      unknown: migrations.unknown.length,
    },
    queues: { ...waiting, commands: store.queued(), journal: journalOf(parts) },
    storage: { databaseBytes: bytes, freeBytes: free ?? null },
    nodes: nodes?.map((node) => ({ ...node, leaseUntil: instantText(node.leaseUntil) })) ?? null,
    lastVerify: verified ? shownVerified(verified) : null,
    ...shownSettings(parts, caller),
  }
}

/** A backlog that is too long to be counted must not hide the rest. */
function unknownIfSlow(error: unknown) {
  if (error instanceof StoreTooSlow) return { events: null, deliveries: null, reservations: null }
  throw error
}

function journalOf({ settlements: { journal } }: ApiParts): ServerState['queues']['journal'] {
  return journal ? { settles: journal.size, bytes: journal.bytes, mostBytes: journal.mostBytes } : null
}

const shownVerified = ({ at, tookMs, ...counts }: NonNullable<Awaited<ReturnType<typeof lastVerified>>>) => ({
  ...counts,
  at: instantText(at),
  seconds: Math.round(tookMs / 1_000),
})

function shownSettings(
  { system, runsServer }: ApiParts,
  caller: Caller,
): Pick<ServerState, 'settings' | 'settingsLeftOut'> {
  if (!runsServer(caller)) return { settings: null, settingsLeftOut: 0 }
  const all = system.settings.list()
  return { settings: all.slice(0, MOST_SETTINGS), settingsLeftOut: Math.max(0, all.length - MOST_SETTINGS) }
}
