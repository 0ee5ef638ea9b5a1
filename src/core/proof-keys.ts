/** Proves what each API key was charged, and what of it counts against its limit. */
import { type CarriedSum, type Carrying, given, sumsIn } from './carried-sums.ts'
import { type Cells, differing, type Finding, found } from './proof-findings.ts'
import type { KeyUsage, UsageRecord } from './usage-rows.ts'
import { addKeyUsage, addToKeyUsage, emptyKeyUsage, giveBackToKey } from './usage-sums.ts'
import { utcRule, windowAt } from './window.ts'

/** What is known of a call whose charge is given back. */
export type GivenBack = Pick<UsageRecord, 'organisationId' | 'apiKeyId' | 'admittedAt' | 'recordedAt'>

export type KeySums = Carrying & {
  charge(record: UsageRecord): void
  giveBack(call: GivenBack, nanos: bigint): void
  keyUsage(row: KeyUsage): Finding<KeyUsage>[]
  /** Of keys that no row was shown for. */
  rest(): Finding<KeyUsage>[]
}

export function createKeySums(): KeySums {
  const keys = new Map<bigint, KeyUsage>()
  /** What was given back, by the UTC day of the admission: enough for weeks and months too. */
  const refunds = new Map<bigint, { organisationId: bigint; days: Map<number, bigint> }>()
  const keyOf = (id: bigint, organisationId: bigint) => found(keys, id, () => emptyKeyUsage(id, organisationId))
  const give = (id: bigint, organisationId: bigint, day: number, nanos: bigint) => {
    const { days } = found(refunds, id, () => ({ organisationId, days: new Map() }))
    days.set(day, (days.get(day) ?? 0n) + nanos)
  }
  const lessRefunds = (usage: KeyUsage): KeyUsage => {
    const less = { ...usage }
    for (const [day, nanos] of refunds.get(usage.apiKeyId)?.days ?? []) giveBackToKey(less, day, nanos)
    return less
  }
  return {
    charge(record) {
      if (record.apiKeyId === null) return
      addToKeyUsage(keyOf(record.apiKeyId, record.organisationId), record, record.costNanos ?? 0n)
    },
    giveBack({ organisationId, apiKeyId, admittedAt }, nanos) {
      if (apiKeyId !== null) give(apiKeyId, organisationId, windowAt(utcRule('day'), admittedAt).start, nanos)
    },
    keyUsage(row) {
      const computed = lessRefunds(keys.get(row.apiKeyId) ?? emptyKeyUsage(row.apiKeyId, row.organisationId))
      keys.delete(row.apiKeyId)
      return differing<KeyUsage>('key_usage', keyName(row), inCells(row), inCells(computed))
    },
    rest: () =>
      [...keys.values()].flatMap((row) => {
        const none = emptyKeyUsage(row.apiKeyId, row.organisationId)
        return differing<KeyUsage>('key_usage', keyName(row), inCells(none), inCells(lessRefunds(row)))
      }),
    give: () => [
      ...[...keys.values()].map((row) => given(row.organisationId, 'key', row.apiKeyId, inCells(row))),
      ...[...refunds].flatMap(([id, { organisationId, days }]) =>
        [...days].map(([day, nanos]) => given(organisationId, 'given_back', `${id} ${day}`, { nanos })),
      ),
    ],
    take(row) {
      const [id = '0', day = '0'] = row.subject.split(' ')
      if (row.kind === 'given_back') give(BigInt(id), row.organisationId, Number(day), sumsIn(row, ['nanos']).nanos)
      else if (row.kind === 'key') addKeyUsage(keyOf(BigInt(id), row.organisationId), keyUsageIn(row))
      else return false
      return true
    },
  }
}

const keyName = ({ apiKeyId, organisationId }: KeyUsage) => ({ apiKeyId, organisationId })

type Summed = Omit<KeyUsage, 'apiKeyId' | 'organisationId'>

/** The window starts are kept as numbers; a finding speaks in what the database holds. */
const inCells = ({
  apiKeyId: _key,
  organisationId: _organisation,
  day,
  week,
  month,
  ...sums
}: KeyUsage): Cells<KeyUsage> => ({ ...sums, day: BigInt(day), week: BigInt(week), month: BigInt(month) })

function keyUsageIn(row: CarriedSum): Summed {
  const { apiKeyId: _key, organisationId: _organisation, ...empty } = emptyKeyUsage(0n, 0n)
  const { day, week, month, ...sums } = sumsIn(row, Object.keys(empty) as (keyof Summed)[])
  return { ...sums, day: Number(day), week: Number(week), month: Number(month) }
}
