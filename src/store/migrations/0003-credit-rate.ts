/** Transactions keep the price of a credit that they were written with. Null: one dollar, which is the price by default. */
import { type Kysely, sql } from 'kysely'

export const creditRateMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw('ALTER TABLE transactions ADD COLUMN credit_usd TEXT').execute(db)
  },
}
