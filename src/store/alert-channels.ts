/** Whom events are told to. Secrets come in and go out sealed. */
import type { EventType } from '../contract/events.ts'
import type { Id } from '../lib/id.ts'
import type { Sealer } from '../lib/sealer.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

type ChannelType = 'email' | 'webhook' | 'slack'
/** `url`: of a Slack channel without what is secret about it. */
export type ChannelTarget = { readonly to: readonly string[] } | { readonly url: string }

export type StoredChannel = Id & {
  readonly organisationId: bigint
  readonly type: ChannelType
  readonly name: string | null
  readonly target: ChannelTarget
  /** Null: those that its type gets by itself. */
  readonly events: readonly EventType[] | null
  /** The code of a budget; null: of all, and what is about none. */
  readonly budgetCode: string | null
  /** Sealed: what signs a webhook, or the whole address of a Slack channel. */
  readonly secret: string | null
  /** The one before the last rotation, and until when it signs too. */
  readonly oldSecret: string | null
  readonly oldSecretUntil: number | null
  readonly disabled: boolean
  readonly disabledReason: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

type Owner = Pick<StoredChannel, 'organisationId' | 'code'>

/** As the seal knows it. */
const ownerOf = ({ organisationId, code }: Owner): string => `organisation ${organisationId} channel ${code}`

export const sealSecret = (sealer: Sealer, owner: Owner, secret: string): string => sealer.seal(secret, ownerOf(owner))

/** Throws `SealBroken`. */
export const openSecret = (sealer: Sealer, owner: Owner, sealed: string): string => sealer.open(sealed, ownerOf(owner))

export async function saveChannel(store: Store, channel: StoredChannel, audit: Query<unknown>): Promise<void> {
  const { id, organisation_id, code, created_at, ...changing } = rowOf(channel)
  const insert = store.sql
    .insertInto('alert_channels')
    .values({ id, organisation_id, code, created_at, deleted_at: null, ...changing })
    .onConflict((conflict) =>
      conflict.columns(store.engine === 'sqlite' ? ['id'] : ['organisation_id', 'id']).doUpdateSet(changing),
    )
  const silence = channel.disabled ? [endPending(store, channel, 'the channel was disabled')] : []
  await store.write([insert, ...silence, audit])
}

export async function deleteChannel(
  store: Store,
  channel: StoredChannel,
  at: number,
  audit: Query<unknown>,
): Promise<void> {
  await store.write([
    store.sql
      .updateTable('alert_channels')
      .set({ deleted_at: BigInt(at), updated_at: BigInt(at), secret: null, old_secret: null, disabled: 1n })
      .where('organisation_id', '=', channel.organisationId)
      .where('id', '=', channel.id),
    endPending(store, { ...channel, updatedAt: at }, 'the channel was deleted'),
    audit,
  ])
}

/** What was still to be delivered is not, and says why. */
function endPending(store: Store, { organisationId, id, updatedAt }: StoredChannel, note: string) {
  return store.sql
    .updateTable('deliveries')
    .set({ state: 'failed', ended_at: BigInt(updatedAt), note })
    .where('organisation_id', '=', organisationId)
    .where('channel_id', '=', id)
    .where('state', '=', 'pending')
}

export async function findChannel(
  store: Store,
  organisationId: bigint,
  code: string,
): Promise<StoredChannel | undefined> {
  const row = await rowByCode(store, channelsOf(store, organisationId), code)
  return row && channelOf(row)
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listChannels(
  store: Store,
  organisationId: bigint,
  page: PageOf,
): Promise<{ channels: StoredChannel[]; total: number }> {
  const { rows, total } = await pageOf(store, channelsOf(store, organisationId), page)
  return { channels: rows.map(channelOf), total }
}

/** More than an organisation may have. */
const MOST_CHANNELS = 1_000

export async function livingChannels(store: Store, organisationId: bigint): Promise<StoredChannel[]> {
  const rows = await store.rows(
    channelsOf(store, organisationId).where('disabled', '=', 0n).orderBy('id').limit(MOST_CHANNELS),
  )
  return rows.map(channelOf)
}

export async function countChannels(store: Store, organisationId: bigint): Promise<number> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('alert_channels')
      .where('organisation_id', '=', organisationId)
      .where('deleted_at', 'is', null)
      .select((of) => of.fn.countAll<bigint>().as('total')),
  )
  return Number(row?.total ?? 0)
}

export async function channelsById(store: Store, ids: readonly bigint[]): Promise<Map<bigint, StoredChannel>> {
  if (ids.length === 0) return new Map()
  const rows = await store.rows(
    store.sql.selectFrom('alert_channels').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null),
  )
  return new Map(rows.map((row) => [row.id, channelOf(row)]))
}

const channelsOf = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('alert_channels')
    .selectAll()
    .where('organisation_id', '=', organisationId)
    .where('deleted_at', 'is', null)

type ChannelRow = ReturnType<typeof rowOf>

const rowOf = (channel: StoredChannel) => ({
  id: channel.id,
  organisation_id: channel.organisationId,
  code: channel.code,
  type: channel.type as string,
  name: channel.name,
  target: JSON.stringify(channel.target),
  events: channel.events === null ? null : JSON.stringify(channel.events),
  budget_code: channel.budgetCode,
  secret: channel.secret,
  old_secret: channel.oldSecret,
  old_secret_until: channel.oldSecretUntil === null ? null : BigInt(channel.oldSecretUntil),
  disabled: channel.disabled ? 1n : 0n,
  disabled_reason: channel.disabledReason,
  created_at: BigInt(channel.createdAt),
  updated_at: BigInt(channel.updatedAt),
})

const channelOf = (row: ChannelRow): StoredChannel => ({
  id: row.id,
  organisationId: row.organisation_id,
  code: row.code,
  type: row.type as ChannelType,
  name: row.name,
  target: JSON.parse(row.target) as ChannelTarget,
  events: row.events === null ? null : (JSON.parse(row.events) as EventType[]),
  budgetCode: row.budget_code,
  secret: row.secret,
  oldSecret: row.old_secret,
  oldSecretUntil: row.old_secret_until === null ? null : Number(row.old_secret_until),
  disabled: row.disabled === 1n,
  disabledReason: row.disabled_reason,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
})
