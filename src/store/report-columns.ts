/** What reports sum and what they group by, in the words of SQL: the same for folded sums and for the records themselves. */
import { type RawBuilder, sql } from 'kysely'
import type { ReportGroup } from '../contract/reports.ts'
import type { Store } from './store.ts'

/** Of the dimensions with many values each is folded by itself; the others are columns of every folded row. */
export const FOLDED = ['api_key', 'account', 'end_user', 'tag'] as const satisfies readonly ReportGroup[]
export type Folded = (typeof FOLDED)[number]
export const isFolded = (dimension: ReportGroup): dimension is Folded =>
  (FOLDED as readonly ReportGroup[]).includes(dimension)
export type Narrow = Exclude<ReportGroup, Folded>
export const NARROW = ['model', 'provider', 'context', 'status'] as const satisfies readonly Narrow[]

/** Columns of a roll-up that add up. */
const MONEY = ['cost_nanos', 'charge_nanos', 'cache_saving_nanos', 'byok_cost_nanos'] as const
const COUNTS = [
  ...(['requests', 'input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens'] as const),
  ...(['unpriced', 'estimated', 'no_usage'] as const),
] as const

export type Sums = { readonly [column in (typeof MONEY)[number] | (typeof COUNTS)[number] | 'errors']: bigint }

const ALL = [...COUNTS, ...MONEY, 'errors'] as const

/** Every sum in one text, since a column each costs more to hand over than to add up; read it with {@link sumsOf}. */
export const sumColumn = (): RawBuilder<unknown> => joinedSums(ALL.map((name) => summand(name)))

/**
 * The same where money comes to more than 64 bits hold, which one of the databases refuses to add up: dollars and nanos
 * are summed apart.
 */
export const wideSumColumn = (): RawBuilder<unknown> =>
  joinedSums(
    ALL.flatMap((name) =>
      isMoney(name) ? [sql`${summand(name)} / 1000000000`, sql`${summand(name)} % 1000000000`] : [summand(name)],
    ),
  )

const isMoney = (name: (typeof ALL)[number]): boolean => (MONEY as readonly string[]).includes(name)

const summand = (name: (typeof ALL)[number]): RawBuilder<unknown> =>
  name === 'errors' ? sql.raw(`CASE WHEN r.status = 'error' THEN r.requests ELSE 0 END`) : sql.ref(`r.${name}`)

const joinedSums = (summands: readonly RawBuilder<unknown>[]) =>
  sql`${sql.join(
    summands.map((each) => sql`CAST(SUM(${each}) AS TEXT)`),
    sql.raw(` || ' ' || `),
  )} AS sums`

export function sumsOf(text: string): Sums {
  const cells = text.split(' ')
  const numbers = cells.length > ALL.length ? narrowed(cells) : cells.map(numberOf)
  const [requests = 0n, input_tokens = 0n, cached_tokens = 0n, output_tokens = 0n, reasoning_tokens = 0n] = numbers
  const [unpriced = 0n, estimated = 0n, no_usage = 0n] = numbers.slice(COUNTS.length - 3)
  const [cost_nanos = 0n, charge_nanos = 0n, cache_saving_nanos = 0n, byok_cost_nanos = 0n] = numbers.slice(
    COUNTS.length,
  )
  const errors = numbers.at(-1) ?? 0n
  return {
    ...{ requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, unpriced, estimated, no_usage },
    ...{ cost_nanos, charge_nanos, cache_saving_nanos, byok_cost_nanos, errors },
  }
}

/** By way of a number where that is exact, which takes a fraction of the time. */
const numberOf = (text: string): bigint => (text.length < 16 ? BigInt(Number(text)) : BigInt(text))

/** Dollars and nanos that were summed apart. */
function narrowed(cells: readonly string[]): bigint[] {
  let at = 0
  const next = () => BigInt(cells[at++] ?? 0)
  return ALL.map((name) => (isMoney(name) ? next() * 1_000_000_000n + next() : next()))
}

export function addSums(a: Sums, b: Sums): Sums {
  const sums: Record<string, bigint> = {}
  for (const column of ALL) sums[column] = a[column] + b[column]
  return sums as Sums
}

export const NO_SUMS: Sums = Object.fromEntries(ALL.map((column) => [column, 0n])) as unknown as Sums

/** The columns of a roll-up that add up, in the order of {@link recordSums}. */
export const SUMMED = [
  ...(['requests', 'input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens', 'cost_nanos'] as const),
  ...(['charge_nanos', 'cache_saving_nanos', 'byok_cost_nanos', 'unpriced', 'estimated', 'no_usage'] as const),
] as const

/** One record in the columns of a roll-up, in the order in which they are added up. */
export const recordSums = (): RawBuilder<unknown> =>
  sql.raw(
    [
      "CASE WHEN u.kind = 'original' THEN 1 ELSE 0 END AS requests",
      ...['input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens'].map((column) => `u.${column}`),
      'COALESCE(u.cost_nanos, 0) AS cost_nanos',
      'COALESCE(u.charge_nanos, 0) AS charge_nanos',
      'u.cache_saving_nanos',
      'CASE WHEN u.is_byok = 1 THEN COALESCE(u.cost_nanos, 0) ELSE 0 END AS byok_cost_nanos',
      "CASE WHEN u.cost_nanos IS NULL AND u.kind = 'original' THEN 1 ELSE 0 END AS unpriced",
      "CASE WHEN u.source = 'reported' OR u.kind <> 'original' THEN 0 ELSE 1 END AS estimated",
      "CASE WHEN u.source = 'unknown' AND u.kind = 'original' THEN 1 ELSE 0 END AS no_usage",
    ].join(', '),
  )

/** What a record says of a dimension, as text; empty where it says nothing. */
export const recordValue = (dimension: Folded): RawBuilder<string> => sql.raw(VALUES[dimension])

const VALUES: Readonly<Record<Folded, string>> = {
  api_key: "COALESCE(CAST(u.api_key_id AS TEXT), '')",
  account: "COALESCE(CAST(u.account_id AS TEXT), '')",
  end_user: "COALESCE(d.end_user, '')",
  tag: "COALESCE(NULLIF(d.metadata, '{}'), '')",
}

/** Personal fields are kept apart from the records. */
export const detailsJoin = (dimensions: readonly ReportGroup[]): RawBuilder<unknown> =>
  dimensions.some((dimension) => dimension === 'end_user' || dimension === 'tag')
    ? sql`LEFT JOIN call_details AS d ON d.organisation_id = u.organisation_id AND d.hash = u.details_hash`
    : sql``

/** Where one text is found in another: 0 where it is not. */
const positionOf = ({ engine }: Pick<Store, 'engine'>, text: RawBuilder<unknown>, part: string) =>
  engine === 'sqlite' ? sql<bigint>`instr(${text}, ${part})` : sql<bigint>`strpos(${text}, ${part})`

/**
 * Whether tags, which are a JSON object as we write it, have a pair `key:value`. Inside its texts every quotation mark is
 * escaped, so that a member can only be found where one is.
 */
export function hasTag(store: Pick<Store, 'engine'>, tags: RawBuilder<unknown>, pair: string): RawBuilder<unknown> {
  const members = [...pair.matchAll(/:/g)].slice(0, MOST_COLONS).map(({ index }) => {
    const [key, value] = [pair.slice(0, index), pair.slice(index + 1)]
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`
  })
  if (members.length === 0) return sql`1 = 0`
  const found = members.flatMap((member) => [
    sql`${positionOf(store, tags, `{${member}`)} = 1`,
    sql`${positionOf(store, tags, `,${member}`)} > 0`,
  ])
  return sql`(${sql.join(found, sql` OR `)})`
}

/** A key may hold colons itself; nobody's holds more. */
const MOST_COLONS = 8
