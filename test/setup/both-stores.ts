/**
 * Tests that are run a second time on PostgreSQL: servers in them that name no database get one there. What is not here
 * is of a wire, a screen or a process, names its stores itself, or runs on both by its own words.
 */

/** What money depends on, for everybody's `npm test`. */
export const QUICK = [
  ...['credits', 'credits-hostile', 'budgets', 'budget-api', 'plan-boundary', 'plans'],
  ...['gateway', 'cancel', 'concurrency', 'isolation', 'export-requests'],
]

/** The rest of the API and of the faults, for `npm run test:long`. */
export const THOROUGH = [
  ...['api', 'audit', 'session-rights', 'sign-in', 'sign-in-edges', 'no-route-escapes', 'bad-changes'],
  ...['credits-model', 'credits-range', 'credits-rules', 'credit-rate', 'rate-cards', 'fees', 'byok', 'credentials'],
  ...['usage-rules', 'usage-cases-http', 'usage-in-chunks', 'reports', 'exports', 'alerts-api', 'metrics'],
  ...['hostile', 'poisoned-upstream', 'no-answer', 'reload', 'audio', 'messages', 'responses', 'seeds'],
  ...['dashboard-money'],
]
