/**
 * What a database has to be for Turnpike: one method for the ledger, one for reads, one for administration. Everything
 * else (batching, rules, reports) is written once above it.
 */
import type { CompiledQuery, Kysely } from 'kysely'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import type { Ids } from '../lib/id.ts'
import type { Change } from './announcements.ts'
import type { Engine } from './engine.ts'
import type { Run } from './month-tables.ts'
import type { Schema } from './schema.ts'

export type Query<Row> = { compile(): CompiledQuery<Row> }

export type StreamProgress = {
  readonly organisationId: bigint
  readonly reservationId: bigint
  readonly outputTokens: number
}

export type Store = {
  readonly engine: Engine
  /** This process among those on the same database. */
  readonly node: number
  /** Numbers and codes that no other node makes. */
  readonly ids: Ids
  /** Builds queries; runs none. */
  readonly sql: Kysely<Schema>
  /** Milliseconds since the epoch, by the store's clock. */
  now(): number
  /** How this process stands among those on the same database. */
  standing(): Standing
  /**
   * Applies the command, durably, in one transaction with whatever else is waiting. Rejects with {@link StoreFailed} where
   * the command met a defect, with `CollectorFull` where too much waits, with {@link StoreAway} where the database is out of reach.
   */
  post(command: Command): Promise<Outcome>
  /** Calls back with how many commands of the ledger were written at once. */
  onBatch(hear: (commands: number) => void): void
  /** How many commands are posted and not yet answered. */
  queued(): number
  /** Reads, from a snapshot of their own; never behind a finished `post` or `write` of this process. */
  rows<Row>(query: Query<Row>): Promise<Row[]>
  /**
   * As `rows`, for what may take long: beside all other reads, and given up after so many milliseconds with
   * {@link StoreTooSlow}.
   */
  scan<Row>(query: Query<Row>, withinMs: number): Promise<Row[]>
  /** Runs the queries in one durable transaction; how many rows each changed. */
  write(queries: readonly Query<unknown>[]): Promise<number[]>
  /** How far streams have come, at low priority: for the estimate of what a crash interrupts. */
  progress(rows: readonly StreamProgress[]): Promise<void>
  /** Tells the other processes on the same database that what they may have in memory has changed. */
  announce(change: Change): void
  /** Calls back with what other processes changed. Not with all of it: what must hold is asked for again now and then. */
  onChange(hear: (change: Change) => void): void
  /**
   * True for one of the processes that ask: it does what is to be done once. Whoever has asked before may come to lead;
   * for a moment it may be none of them, or two.
   */
  leads(): boolean
  /**
   * Where tables are cut into parts: work on the tables themselves, in one transaction, by one process at a time.
   * Undefined: another one is at it.
   */
  maintain?<T>(work: (session: Maintenance) => Promise<T>): Promise<T | undefined>
  close(): Promise<void>
}

/** What {@link Store.maintain} works with: all of it is one transaction. */
export type Maintenance = Pick<Store, 'engine' | 'sql' | 'rows'> & { readonly run: Run }

/**
 * `settled`: the database has been within reach for so long that every other living process has shown itself there.
 * `new`: that is not sure yet, so nobody can be called dead. `lost`: another process took this one's place. `unwritable`: the
 * last write failed for want of a disk.
 */
export type Standing = 'new' | 'settled' | 'lost' | 'unwritable'

/** The store met a defect or a constraint; the command had no effect. */
export class StoreFailed extends Error {
  override readonly name = 'StoreFailed'
}

/** A read took longer than it was given. */
export class StoreTooSlow extends Error {
  override readonly name = 'StoreTooSlow'
}

/** The database is out of reach. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway'
  /** It may have been told to commit: whether it has, only it knows. */
  readonly unsure: boolean

  constructor(message: string, { unsure = false, ...options }: ErrorOptions & { readonly unsure?: boolean } = {}) {
    super(message, options)
    this.unsure = unsure
  }
}

/** The database cannot be opened: the sentence says why and what to do. The start stops with it. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable'
}

/** A refusal is an outcome; a failure is thrown. */
export function outcomeOrThrow(outcome: Outcome): Outcome {
  if (!outcome.ok && 'failure' in outcome) throw new StoreFailed(outcome.failure)
  return outcome
}
