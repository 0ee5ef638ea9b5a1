/** What a report or a list of calls is narrowed to, from the names that the wire knows to those of the store. */
import { refuse } from '../contract/errors.ts'
import type { ReportFilter } from '../contract/reports.ts'
import type { Folded, Narrow } from '../store/report-columns.ts'
import { accountIds, keyIds } from '../store/report-names.ts'
import { endUsers, numbered, tagSets, type ValueFilter } from '../store/report-values.ts'
import { StoreTooSlow } from '../store/store.ts'
import type { ApiParts } from './parts.ts'

export type StoreFilter = {
  readonly narrow: Readonly<Partial<Record<Narrow, readonly string[]>>>
  readonly folded: Readonly<Partial<Record<Folded, ValueFilter>>>
}

/** The filters alone of all that was asked, for the name of a file. */
export function filtersIn(asked: ReportFilter): ReportFilter {
  const { api_key, account, model, provider, context, end_user, tag, status } = asked
  return { api_key, account, model, provider, context, end_user, tag, status }
}

/** What is not known matches nothing. */
export async function storeFilter(parts: ApiParts, organisationId: bigint, told: ReportFilter): Promise<StoreFilter> {
  const { store, routes, hashDetails } = parts
  const { api_key: keys, account: accounts, end_user: users, tag: tags } = told
  const folded: Partial<Record<Folded, ValueFilter>> = {}
  if (keys) folded.api_key = numbered(await keyIds(store, organisationId, keys))
  if (accounts) folded.account = numbered(await accountIds(store, organisationId, accounts))
  if (users) folded.end_user = await endUsers(store, hashDetails, organisationId, users)
  if (tags) folded.tag = await tagSets(store, organisationId, tags).catch(tooWide)
  const model = told.model?.map((name) => routes.find(name)?.model.id ?? name)
  const { provider, context, status } = told
  return {
    narrow: {
      ...(model ? { model } : {}),
      ...(provider ? { provider } : {}),
      ...(context ? { context } : {}),
      ...(status ? { status } : {}),
    },
    folded,
  }
}

const tooWide = (error: unknown): never => {
  if (!(error instanceof RangeError)) throw error
  throw refuse('invalid_request', `tag: ${error.message}; name a tag that fewer calls share`, { param: 'tag' })
}

/** A read that was given up becomes a sentence about the request that asked for it. */
export async function inTime<T>(withinMs: number, narrower: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof StoreTooSlow)) throw error
    throw refuse('invalid_request', `The answer would take longer than ${withinMs / 1000} s: ${narrower}`, {
      details: { withinMs },
    })
  }
}
