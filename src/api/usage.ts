/** Usage: recorded by callers, listed beside the gateway's own calls, and summed. */
import { refuse } from '../contract/errors.ts'
import type { UsageSummary } from '../contract/usage.ts'
import { nanosText } from '../lib/money.ts'
import { findTransaction } from '../store/transactions.ts'
import { type UsageFilter, type UsageSum, usageBy, usageCount, usagePage, usageSums } from '../store/usage.ts'
import { rangeOf } from './date-range.ts'
import { exportName } from './export-name.ts'
import { assertKept, missingOf } from './kept.ts'
import { modelNames } from './models.ts'
import { creditRate, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { post } from './post.ts'
import { exactUsage, usageRecord, usageRows } from './shown-usage.ts'
import { toldUsage } from './told-usage.ts'
import { accountFor } from './who.ts'

export const usageHandlers: Handlers<'recordUsage' | 'listUsage' | 'summariseUsage'> = {
  async recordUsage(parts, call) {
    const { caller, body, at, idempotency } = call
    const link = body.context === 'system' ? unlinked(call) : await linkOf(parts, call)
    const key = idempotency(body)
    const record = await toldUsage(parts, body, {
      ...{ organisationId: caller.organisationId, at, context: body.context, accountId: link.accountId },
      dedupeKey: key ? `${key.principal}:${key.key}` : null,
      charged: false,
    })
    const command = { type: 'record_usage', organisationId: caller.organisationId, at, ...link, record } as const
    const { result } = await post(parts, creditRate(parts), command, 'recorded')
    const [stored] = await usageBy(parts.store, caller.organisationId, { field: 'id', ids: [result.record.id] })
    if (!stored && result.duplicate) throw refuse('usage_already_recorded')
    if (!stored) throw new Error('a usage that was recorded is there')
    const usageRecord = exactUsage(stored, modelNames(parts.routes))
    const body_ = { success: true, duplicate: result.duplicate, usageRecord } as const
    return result.duplicate ? { body: body_, status: 200, replayed: key !== undefined } : { body: body_ }
  },

  async listUsage(parts, call) {
    const { caller, query } = call
    if (query.summary) return { body: { success: true, summary: await summaryOf(parts, call) } }
    const filter = await filterOf(parts, call)
    const names = modelNames(parts.routes)
    const pageAt = (page: ReturnType<typeof pageOf>) =>
      usagePage(parts.store, caller.organisationId, call.rows ? { ...filter, recordedBy: call.at } : filter, page)
    if (call.rows) return { rows: { ...usageRows(pageAt, names), name: fileWords(query) } }
    const page = pageOf('usage', query)
    const [records, total] = await Promise.all([pageAt(page), usageCount(parts.store, caller.organisationId, filter)])
    const { shown, pagination } = paged('usage', page, records, total)
    return { body: { success: true, usageRecords: shown.map((record) => usageRecord(record, names)), pagination } }
  },

  async summariseUsage(parts, call) {
    return { body: { success: true, summary: await summaryOf(parts, call) } }
  },
}

function fileWords(query: Call<'listUsage'>['query']): string[] {
  const { accountId, externalId, modelId, context, usageType, startDate: from, endDate: to } = query
  return exportName({
    ...{ table: 'usage-records', from, to },
    filters: { accountId, externalId, modelId, context, usageType },
  })
}

function unlinked({ body }: Call<'recordUsage'>) {
  const stray = (['transactionId', 'accountId', 'externalId'] as const).find((name) => body[name] !== undefined)
  if (stray) throw refuse('invalid_usage', `${stray}: usage in system context belongs to nobody`, { param: stray })
  return { accountId: null, transactionId: null }
}

async function linkOf(parts: ApiParts, { caller, body, at }: Call<'recordUsage'>) {
  const { transactionId, accountId, externalId } = body
  if (transactionId === undefined || (accountId === undefined && externalId === undefined))
    throw refuse('transaction_required', undefined, {
      param: transactionId === undefined ? 'transactionId' : 'accountId',
    })
  const account = await accountFor(parts, caller, body, at)
  const code = /^txn_(.+)$/.exec(transactionId)?.[1] ?? ''
  const transaction = await findTransaction(parts.store, caller.organisationId, code)
  if (!transaction) throw await missingOf(parts, 'transaction_not_found', code)
  return { accountId: account.id, transactionId: transaction.id }
}

type Filtered = Pick<Call<'summariseUsage'>, 'caller' | 'query' | 'at'>

/** An API key sees what it made itself, a management key all of its organisation. */
async function filterOf(parts: ApiParts, { caller, query, at }: Filtered): Promise<UsageFilter> {
  const { accountId, externalId, modelId, context, usageType } = query
  const named = accountId !== undefined || externalId !== undefined
  return {
    accountId: named ? (await accountFor(parts, caller, query, at)).id : undefined,
    apiKeyId: caller.kind === 'management_key' ? undefined : (caller.keyId ?? 0n),
    model: modelId === undefined ? undefined : (parts.routes.find(modelId)?.model.id ?? modelId),
    context,
    usageType,
    ...(await rangeOf(parts, caller.organisationId, query)),
  }
}

async function summaryOf(parts: ApiParts, call: Filtered): Promise<UsageSummary> {
  const filter = await filterOf(parts, call)
  const instead = 'The report (GET /api/admin/usage) still knows their sums'
  await assertKept(parts, filter.from, { param: 'startDate', instead })
  const sums = await usageSums(parts.store, call.caller.organisationId, filter)
  const nameOf = modelNames(parts.routes)
  const total = (field: 'records' | 'inputTokens' | 'outputTokens' | 'cachedTokens' | 'unpriced' | 'unknown') =>
    Number(sums.reduce((sum, row) => sum + row[field], 0n))
  const byModel = Map.groupBy(sums, ({ model }) => nameOf(model))
  const inContext = (context: UsageSum['context']) => sumOf(sums.filter((row) => row.context === context))
  const cost = sums.reduce((sum, { costNanos }) => sum + costNanos, 0n)
  return {
    ...withDecimal({ totalCostUsd: nanosText(cost) }),
    totalInputTokens: total('inputTokens'),
    totalOutputTokens: total('outputTokens'),
    totalCachedTokens: total('cachedTokens'),
    totalRecords: total('records'),
    unpricedRecords: total('unpriced'),
    unknownRecords: total('unknown'),
    byContext: { customer: inContext('customer'), system: inContext('system') },
    byModel: Object.fromEntries([...byModel].map(([name, rows]) => [name, sumOf(rows)])),
  }
}

function sumOf(rows: readonly UsageSum[]) {
  const cost = rows.reduce((sum, { costNanos }) => sum + costNanos, 0n)
  return {
    ...withDecimal({ costUsd: nanosText(cost) }),
    count: Number(rows.reduce((sum, row) => sum + row.records, 0n)),
  }
}
