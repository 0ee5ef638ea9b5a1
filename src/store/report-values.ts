/**
 * What reports are filtered by, in the form of each source: the records say a text, the folded sums say a number or the
 * keyed hash of a text. The text itself stands once, so that a person can be forgotten and every sum stays.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Folded, hasTag, recordValue } from './report-columns.ts'
import type { Store } from './store.ts'

/** Empty text: those that have none. */
export type ValueFilter = {
  /** Numbers of keys and accounts, names of end users, tags as `key:value`. */
  readonly told: readonly string[]
  /** The same as folded sums say it. */
  readonly folded: readonly string[]
  /** Where it differs: with those whose text nobody has told yet, or was taken away. */
  readonly hashed?: readonly string[]
}

export type HashDetails = (texts: readonly string[]) => string

/** The name of a personal value in folded sums. */
export const valueHash = (hash: HashDetails, organisationId: bigint, dimension: Folded, text: string): string =>
  hash([String(organisationId), dimension, text])

/** Tags in one form, whatever order they were sent in. */
export function tagText(metadata: string): string {
  const pairs = JSON.parse(metadata) as Readonly<Record<string, string>>
  return JSON.stringify(Object.fromEntries(Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))))
}

/** Keys and accounts are named by numbers in both. */
export const numbered = (numbers: readonly (bigint | null)[]): ValueFilter => {
  const told = numbers.map((number) => (number === null ? '' : String(number)))
  return { told, folded: told }
}

export async function endUsers(
  store: Store,
  hash: HashDetails,
  organisationId: bigint,
  names: readonly string[],
): Promise<ValueFilter> {
  const hashes = names.filter((name) => name !== '').map((name) => valueHash(hash, organisationId, 'end_user', name))
  // Of a person that was forgotten nothing is found, here or in the records.
  const known = await labelsOf(store, organisationId, hashes)
  const nobody = names.filter((name) => name === '')
  return { told: names, folded: [...known.keys(), ...nobody], hashed: [...hashes, ...nobody] }
}

/** Sets of tags that hold one of the pairs, at most so many. */
const MOST_SETS = 10_000

export async function tagSets(store: Store, organisationId: bigint, pairs: readonly string[]): Promise<ValueFilter> {
  const named = pairs.filter((pair) => pair !== '')
  const holds = named.map((pair) => hasTag(store, sql.ref('value'), pair))
  const query = sql<{ hash: string }>`SELECT hash FROM dimension_values WHERE organisation_id = ${organisationId}
    AND dimension = 'tag' AND (${sql.join(holds, sql` OR `)}) LIMIT ${MOST_SETS + 1}`
  const found = named.length === 0 ? [] : await store.rows({ compile: () => query.compile(store.sql) })
  if (found.length > MOST_SETS) throw new RangeError(`more than ${MOST_SETS} sets of tags hold ${named.join(' or ')}`)
  return { told: pairs, folded: [...found.map(({ hash }) => hash), ...pairs.filter((pair) => pair === '')] }
}

/** Whether a record says one of the values. */
export function recordMatches(
  store: Pick<Store, 'engine'>,
  dimension: Folded,
  { told }: Pick<ValueFilter, 'told'>,
): RawBuilder<unknown> {
  const some = told.filter((value) => value !== '')
  const column = sql.raw(COLUMNS[dimension])
  const ways = [
    ...(some.length < told.length ? [sql`${recordValue(dimension)} = ''`] : []),
    ...(some.length > 0 ? [matchesSome(store, dimension, column, some)] : []),
  ]
  return ways.length === 0 ? sql`1 = 0` : sql`(${sql.join(ways, sql` OR `)})`
}

const COLUMNS: Readonly<Record<Folded, string>> = {
  api_key: 'u.api_key_id',
  account: 'u.account_id',
  end_user: 'd.end_user',
  tag: 'd.metadata',
}

function matchesSome(
  store: Pick<Store, 'engine'>,
  dimension: Folded,
  column: RawBuilder<unknown>,
  some: readonly string[],
): RawBuilder<unknown> {
  if (dimension === 'tag')
    return sql.join(
      some.map((pair) => hasTag(store, column, pair)),
      sql` OR `,
    )
  return sql`${column} IN (${sql.join(dimension === 'end_user' ? some : some.map(BigInt))})`
}

const LABELS_AT_A_TIME = 1_000

/** Hashes and the texts behind them; a text that was taken away is missing. */
export async function labelsOf(
  store: Store,
  organisationId: bigint,
  hashes: readonly string[],
): Promise<Map<string, string>> {
  const labels = new Map<string, string>()
  const wanted = [...new Set(hashes)].filter((hash) => hash !== '')
  for (let from = 0; from < wanted.length; from += LABELS_AT_A_TIME) {
    const rows = await store.rows(
      store.sql
        .selectFrom('dimension_values')
        .select(['hash', 'value'])
        .where('organisation_id', '=', organisationId)
        .where('dimension', 'in', ['end_user', 'tag'])
        .where('hash', 'in', wanted.slice(from, from + LABELS_AT_A_TIME)),
    )
    for (const { hash, value } of rows) labels.set(hash, value)
  }
  return labels
}
