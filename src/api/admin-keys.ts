/** API keys as they are administered on `/api/admin`, over the same rows as OpenRouter's shape of them. */
import type { ApiKey } from '../contract/api-keys.ts'
import { refuse } from '../contract/errors.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import { countApiKeys, listApiKeys, type StoredApiKey } from '../store/api-keys.ts'
import { changeKey, endKey, giveNewSecret, keyFor, makeKey, type WantedKey } from './key-changes.ts'
import { spendingOf } from './key-spending.ts'
import { expiryOf } from './keys.ts'
import { withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, ApiRoutes, Call, Handlers } from './parts.ts'
import { accountFor } from './who.ts'

type Names = 'listApiKeys' | 'createApiKey' | 'getApiKey' | 'updateApiKey' | 'deleteApiKey' | 'rotateApiKey'

export const adminKeyHandlers: Handlers<Names> = {
  async listApiKeys(parts, { caller, query, at }) {
    const { name, disabled, accountId, externalId } = query
    const page = pageOf('keys', query)
    const isNamed = accountId !== undefined || externalId !== undefined
    const account = isNamed ? await accountFor(parts, caller, query, at) : undefined
    const filter = { name, disabled, accountId: account?.id }
    const [keys, total] = await Promise.all([
      listApiKeys(parts.store, caller.organisationId, filter, page),
      countApiKeys(parts.store, caller.organisationId, filter),
    ])
    const { shown, pagination } = paged('keys', page, keys, total)
    return { body: { keys: shown.map((key) => apiKeyOf(key, at)), pagination } }
  },

  async createApiKey(parts, call) {
    const { caller, body, at } = call
    const { accountId, externalId } = body
    const named = { accountId: accountId ?? undefined, externalId: externalId ?? undefined }
    const isBound = named.accountId !== undefined || named.externalId !== undefined
    const account = isBound ? await accountFor(parts, caller, named, at) : undefined
    const { key, secret } = await makeKey(parts, call, account, { name: body.name, ...wantedOf(parts, call) })
    return { body: { key: apiKeyOf(key, at), secret } }
  },

  async getApiKey(parts, { caller, params, at }) {
    return { body: { key: apiKeyOf(await keyFor(parts, caller, params.id), at) } }
  },

  async updateApiKey(parts, call) {
    const { caller, params, body, at } = call
    const known = await keyFor(parts, caller, params.id)
    const wanted = { name: body.name, disabled: body.disabled, ...wantedOf(parts, call) }
    return { body: { key: apiKeyOf(await changeKey(parts, call, known, wanted), at) } }
  },

  async deleteApiKey(parts, call) {
    await endKey(parts, call, await keyFor(parts, call.caller, call.params.id))
    return { body: { deleted: true } }
  },

  async rotateApiKey(parts, call) {
    const { key, secret } = await giveNewSecret(parts, call, call.params.id, call.body.graceSeconds)
    return { body: { key: apiKeyOf(key, call.at), secret } }
  },
}

function wantedOf(
  { routes }: ApiParts,
  { body, at }: Pick<Call<'createApiKey' | 'updateApiKey'>, 'body' | 'at'>,
): Omit<WantedKey, 'name' | 'disabled'> {
  const { limit, limitReset, includeByokInLimit, expiresAt, allowedModels, includeUsage, user, metadata } = body
  return {
    ...{ limit, limitReset, includeByokInLimit, includeUsage, user, metadata },
    expiresAt: expiryOf(expiresAt, 'expiresAt', at),
    allowedModels: allowedModels && canonicalModels(routes, allowedModels),
  }
}

/** A name that leads nowhere would forbid what was meant to be allowed. */
function canonicalModels(routes: ApiRoutes, names: readonly string[]): string[] {
  const canonical = names.map((name, index) => {
    const author = /^([^/*]+\/)\*$/.exec(name)?.[1]
    if (author !== undefined && routes.list().some(({ model }) => model.id.startsWith(author))) return name
    const route = author === undefined ? routes.find(name) : undefined
    if (route) return route.model.id
    const param = `allowedModels.${index}`
    throw refuse(
      'invalid_request',
      `${param}: no model \`${name}\` is served here; name one, or an author as author/*`,
      {
        param,
      },
    )
  })
  return [...new Set(canonical)]
}

function apiKeyOf(key: StoredApiKey, at: number): ApiKey {
  const { limit, limitRemaining, limitReset, spent, byok } = spendingOf(key, at)
  const { decimal: limits, ...limitNumbers } = limit === null ? NO_LIMIT : limitOf(limit, limitRemaining ?? 0n)
  const { decimal, ...amounts } = withDecimal({
    usage: nanosText(spent.total),
    usageDaily: nanosText(spent.day),
    usageWeekly: nanosText(spent.week),
    usageMonthly: nanosText(spent.month),
    byokUsage: nanosText(byok.total),
    byokUsageDaily: nanosText(byok.day),
    byokUsageWeekly: nanosText(byok.week),
    byokUsageMonthly: nanosText(byok.month),
  })
  const { name, hash, label, disabled, externalId, includeByokInLimit, defaults } = key
  return {
    id: `key_${key.code}`,
    ...{ hash, name, label, disabled, externalId, limitReset, includeByokInLimit },
    accountId: key.accountCode === null ? null : `acc_${key.accountCode}`,
    ...limitNumbers,
    expiresAt: timeOf(key.expiresAt),
    allowedModels: key.allowedModels && [...key.allowedModels],
    includeUsage: defaults.includeUsage,
    user: defaults.user,
    metadata: defaults.metadata === null ? null : JSON.parse(defaults.metadata),
    ...amounts,
    lastUsedAt: timeOf(key.lastUsedAt),
    previousSecretUntil: timeOf(key.previous && key.previous.until > at ? key.previous.until : null),
    createdAt: instantText(key.createdAt),
    updatedAt: timeOf(key.updatedAt),
    decimal: { ...limits, ...decimal },
  }
}

const NO_LIMIT = { limit: null, limitRemaining: null, decimal: {} }

const limitOf = (limit: bigint, limitRemaining: bigint) =>
  withDecimal({ limit: nanosText(limit), limitRemaining: nanosText(limitRemaining) })

export const timeOf = (at: number | null): string | null => (at === null ? null : instantText(at))
