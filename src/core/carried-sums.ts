/**
 * What a proof found in the rows of a month, kept when the month is dropped: the next proof begins with it. Each month's
 * sums are its own; what several months say of one subject is added up.
 */
export type CarriedSum = {
  organisationId: bigint
  kind: string
  /** What of its kind it is about, e.g. the number of an account. */
  subject: string
  /** 2026_08 */
  month: string
  /** JSON; integers as text. */
  sums: string
}

export type Given = Omit<CarriedSum, 'month'>

/** A month whose rows go; instants. */
export type Dropped = { readonly start: number; readonly end: number }

/** A part of a proof that can say what it has added up, and go on from what another one said. */
export type Carrying = {
  give(month?: Dropped): Given[]
  /** False: it is about something else. */
  take(row: CarriedSum): boolean
}

export const given = (organisationId: bigint, kind: string, subject: unknown, sums: object): Given => ({
  ...{ organisationId, kind, subject: String(subject) },
  sums: JSON.stringify(sums, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
})

/** Reads what {@link given} wrote of integers alone. */
export function sumsIn<F extends string>(row: Pick<Given, 'sums'>, fields: readonly F[]): Record<F, bigint> {
  const read = JSON.parse(row.sums) as Partial<Record<F, string | number>>
  return Object.fromEntries(fields.map((field) => [field, BigInt(read[field] ?? 0)])) as Record<F, bigint>
}
