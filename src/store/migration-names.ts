/** The migrations of this version, in the order in which they run. */
export const MIGRATION_NAMES = [
  '0001-ledger',
  '0002-events',
  '0003-credit-rate',
  '0004-budgets',
  '0005-alerts',
  '0006-reports',
  '0007-keys',
  '0008-credentials',
  '0009-members',
  '0010-months',
  '0011-spans',
  '0012-organisation-first',
] as const
