/** What a proof says where a cell is not what the rows behind it come to. */
type Value = bigint | null

/** A cell that says something else than the rows it stands for. */
export type Finding<Row extends object = object> = {
  readonly table: string
  /** What names the row, by field. */
  readonly row: Partial<Row>
  readonly field: keyof Row & string
  readonly stored: Value
  readonly computed: Value
}

export type Cells<Row> = { readonly [Field in keyof Row & string]?: Value }

export function differing<Row extends object>(
  table: string,
  row: Partial<Row>,
  stored: Cells<Row>,
  computed: Cells<Row>,
): Finding<Row>[] {
  const fields = Object.keys(stored) as (keyof Row & string)[]
  return fields.flatMap((field) => {
    const cells = { stored: stored[field] ?? null, computed: computed[field] ?? null }
    return cells.stored === cells.computed ? [] : [{ table, row, field, ...cells }]
  })
}

export function found<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
