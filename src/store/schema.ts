/** Kysely's view of the tables that reports, lists and administration read and write. Integers are bigint on both databases. */
import type { AccessSchema } from './schema-access.ts'
import type { AlertSchema } from './schema-alerts.ts'
import type { BudgetSchema } from './schema-budgets.ts'
import type { LedgerSchema } from './schema-ledger.ts'
import type { ReportSchema } from './schema-reports.ts'

export type Schema = LedgerSchema & BudgetSchema & AccessSchema & AlertSchema & ReportSchema
