/** What is known around an event once it is told: who spends most, how fast, until when. Each look is bounded. */
import { sql } from 'kysely'
import { burnRate } from '../core/burn-rate.ts'
import { money } from '../core/ledger-events.ts'
import type { OutboxEvent } from '../core/ledger-rows.ts'
import { DAY_MS, instantText } from '../lib/clock.ts'
import { idRange } from '../lib/id.ts'
import { nanosNumber, nanosText, parseAmount } from '../lib/money.ts'
import { rowByCode } from './row-by-code.ts'
import type { Store } from './store.ts'

export type EventContext = Readonly<Record<string, unknown>>

export async function contextOf(store: Store, event: OutboxEvent): Promise<EventContext> {
  const data = JSON.parse(event.data) as Data
  if (data.test === true) return {}
  if (event.type === 'budget.threshold_reached' || event.type === 'budget.blocked')
    return budgetContext(store, event, data)
  return event.type.startsWith('credits.') ? creditContext(store, event, data) : {}
}

type Data = Readonly<Record<string, unknown>> & { readonly decimal?: Readonly<Record<string, string>> }

async function budgetContext(store: Store, event: OutboxEvent, data: Data): Promise<EventContext> {
  const [from, to] = [Date.parse(String(data.windowStart)), Date.parse(String(data.windowEnd))]
  const only = await filterOf(store, event.organisationId, data)
  const spenders = only && (await spendersOf(store, event, { from, only })).top
  const isUsd = data.metric === 'usd'
  const amount = (name: string) => (isUsd ? parseAmount(data.decimal?.[name]) : BigInt(Number(data[name])))
  const [value, limit] = [amount('value'), amount('limit')]
  // Of a budget without an end nobody knows when its use began.
  if (value === undefined || limit === undefined || Number.isNaN(to)) return { ...spenders }
  const burn = burnRate({ used: value, left: limit - value, from, at: event.createdAt })
  const exhausted = burn?.exhaustedAt
  return {
    ...spenders,
    ratePerHour: burn ? (isUsd ? nanosNumber(burn.perHour) : Number(burn.perHour)) : null,
    projectedExhaustion: exhausted !== undefined && exhausted < to ? instantText(exhausted) : null,
    ...(isUsd && burn ? { decimal: { ...data.decimal, ratePerHour: nanosText(burn.perHour) } } : {}),
  }
}

async function creditContext(store: Store, event: OutboxEvent, data: Data): Promise<EventContext> {
  const accountId = await accountIdOf(store, event.organisationId, String(data.accountId))
  if (accountId === undefined) return {}
  const from = event.createdAt - DAY_MS
  const { spent, top } = await spendersOf(store, event, { from, only: { account_id: accountId } })
  const left = parseAmount(data.decimal?.balanceUsd) ?? 0n
  const burn = burnRate({ used: spent, left, from, at: event.createdAt })
  return {
    ...top,
    ...(burn ? money({ ratePerHourUsd: burn.perHour }) : { ratePerHourUsd: null }),
    decimal: { ...data.decimal, ...(burn ? { ratePerHourUsd: nanosText(burn.perHour) } : {}) },
    projectedExhaustion: burn?.exhaustedAt === undefined ? null : instantText(burn.exhaustedAt),
  }
}

type Only = { readonly account_id?: bigint; readonly api_key_id?: bigint; readonly model?: string }

/** Which records a budget counts. Undefined: records do not say it themselves. */
async function filterOf(store: Store, organisationId: bigint, { scope, scopeId }: Data): Promise<Only | undefined> {
  if (scope === 'organisation') return {}
  if (scope === 'model') return { model: String(scopeId) }
  if (scope === 'account') {
    const id = await accountIdOf(store, organisationId, String(scopeId))
    return id === undefined ? undefined : { account_id: id }
  }
  if (scope !== 'api_key') return undefined
  const [key] = await store.rows(
    store.sql
      .selectFrom('api_keys')
      .select('id')
      .where('organisation_id', '=', organisationId)
      .where('hash', '=', String(scopeId)),
  )
  return key && { api_key_id: key.id }
}

async function accountIdOf(store: Store, organisationId: bigint, publicId: string): Promise<bigint | undefined> {
  const accounts = store.sql.selectFrom('accounts').select('id').where('organisation_id', '=', organisationId)
  return (await rowByCode(store, accounts, publicId.replace(/^acc_/, '')))?.id
}

/** So many calls of the organisation, or of the account, are looked at: the latest ones. */
const MOST_CALLS = 10_000
const TOP = 3

type Looking = { readonly from: number; readonly only: Only }

async function spendersOf(store: Store, event: OutboxEvent, looking: Looking) {
  const calls = callsOf(store, event, looking).as('u')
  const sums = [
    sql<bigint>`COUNT(*)`.as('requests'),
    sql<string>`CAST(COALESCE(SUM(u.charge_nanos), 0) AS TEXT)`.as('charge'),
    sql<string>`CAST(COALESCE(SUM(u.input_tokens + u.output_tokens), 0) AS TEXT)`.as('tokens'),
  ] as const
  const most = sql`COALESCE(SUM(u.charge_nanos), 0) DESC, COUNT(*) DESC`
  const byModel = store.sql.selectFrom(calls).groupBy('u.model').select('u.model as name').select(sums)
  const byKey = store.sql
    .selectFrom(calls)
    .innerJoin('api_keys as k', 'k.id', 'u.api_key_id')
    .groupBy(['k.id', 'k.name', 'k.label'])
    .select(['k.name', 'k.label'])
    .select(sums)
  const [models, keys, [all]] = await Promise.all([
    store.rows(byModel.orderBy(most).limit(TOP)),
    store.rows(byKey.orderBy(most).limit(TOP)),
    store.rows(store.sql.selectFrom(calls).select(sums)),
  ])
  return { top: { topModels: models.map(shown), topKeys: keys.map(shown) }, spent: BigInt(all?.charge ?? 0) }
}

function callsOf(store: Store, { organisationId, createdAt }: OutboxEvent, { from, only }: Looking) {
  let latest = store.sql
    .selectFrom('usage_records as r')
    .select(['r.model', 'r.api_key_id', 'r.charge_nanos', 'r.input_tokens', 'r.output_tokens'])
    .where('r.organisation_id', '=', organisationId)
    .where('r.id', '>=', idRange(from, createdAt).from)
    .where('r.admitted_at', '<=', BigInt(createdAt))
    .orderBy('r.id', 'desc')
    .limit(MOST_CALLS)
  if (only.account_id !== undefined) latest = latest.where('r.account_id', '=', only.account_id)
  // No index leads to these, so they are looked for among the latest.
  let calls = store.sql.selectFrom(latest.as('l')).selectAll('l')
  if (only.api_key_id !== undefined) calls = calls.where('l.api_key_id', '=', only.api_key_id)
  if (only.model !== undefined) calls = calls.where('l.model', '=', only.model)
  return calls
}

type Sums = { name: string; label?: string; requests: bigint; charge: string; tokens: string }

const shown = ({ name, label, requests, charge, tokens }: Sums) => ({
  name: name.slice(0, 100),
  ...(label === undefined ? {} : { label }),
  requests: Number(requests),
  totalTokens: Number(tokens),
  chargeUsd: nanosNumber(BigInt(charge)),
})
