/** Budgets. */
import type { CommandRow } from './command-row.ts'

const BUDGET = ['id', 'name', 'scope', 'scopeId', 'metric', 'limit', 'spent', 'reserved', 'remaining', 'window']

export const budgetCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'budgets', verb: 'create', operation: 'createBudget' },
    args: ['name'],
    shows: 'budget',
    examples: [
      'turnpike budgets create monthly --scope organisation --metric usd --limit 500 --window month',
      'turnpike budgets create "fair use" --scope end_user --scope-id * --metric requests --limit 100 --window day',
      'turnpike budgets create "5 at once" --scope account --scope-id acc_4tR7yU2iO9pL6kJ3hG1f --metric concurrency --limit 5 --window total',
    ],
  },
  {
    ...{ noun: 'budgets', verb: 'list', operation: 'listBudgets' },
    shows: 'budgets',
    columns: BUDGET,
    examples: ['turnpike budgets list', 'turnpike budgets list --scope end_user --all --csv'],
  },
  {
    ...{ noun: 'budgets', verb: 'get', operation: 'getBudget' },
    args: ['id'],
    shows: 'budget',
    examples: ['turnpike budgets get bud_7Qm2xV9kLr4TzB8nYc3W'],
  },
  {
    ...{ noun: 'budgets', verb: 'update', operation: 'updateBudget' },
    args: ['id'],
    shows: 'budget',
    examples: [
      'turnpike budgets update bud_7Qm2xV9kLr4TzB8nYc3W --limit 800',
      'turnpike budgets update bud_7Qm2xV9kLr4TzB8nYc3W --window week --time-zone Europe/Berlin',
    ],
  },
  {
    ...{ noun: 'budgets', verb: 'delete', operation: 'deleteBudget' },
    args: ['id'],
    destroys: 'ends the budget for good',
    examples: ['turnpike budgets delete bud_7Qm2xV9kLr4TzB8nYc3W --yes'],
  },
]
