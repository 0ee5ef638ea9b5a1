/** The two databases that the store runs on. */
export type Engine = 'sqlite' | 'postgres'

/** A table's key as its index has it: on PostgreSQL the organisation leads, so that tables can be distributed by it. */
export const ledBy = <C extends string>(engine: Engine, key: readonly C[]): readonly (C | 'organisation_id')[] =>
  engine === 'sqlite' ? key : ['organisation_id', ...key]
