/** Budgets: set, listed, changed, ended. */
import { z } from 'zod'
import { BudgetDeleted, BudgetList, BudgetPatch, BudgetQuery, BudgetReply, BudgetRequest } from './budgets.ts'
import { IDEMPOTENCY_ERRORS, operation } from './operation.ts'

const BudgetId = z.object({ id: z.string().max(64).meta({ description: '`bud_…`' }) })

export const budgetOperations = [
  operation({
    name: 'createBudget',
    method: 'POST',
    path: '/api/admin/budgets',
    dialect: 'openai',
    key: 'management',
    body: BudgetRequest,
    result: BudgetReply,
    status: 201,
    idempotent: true,
    errors: [...IDEMPOTENCY_ERRORS, 'invalid_amount', 'account_not_found', 'not_found', 'unknown_model'],
  }),
  operation({
    name: 'listBudgets',
    method: 'GET',
    path: '/api/admin/budgets',
    dialect: 'openai',
    key: 'management',
    query: BudgetQuery,
    result: BudgetList,
    errors: [],
  }),
  operation({
    name: 'getBudget',
    method: 'GET',
    path: '/api/admin/budgets/{id}',
    dialect: 'openai',
    key: 'management',
    params: BudgetId,
    result: BudgetReply,
    errors: ['budget_not_found'],
  }),
  operation({
    name: 'updateBudget',
    method: 'PATCH',
    path: '/api/admin/budgets/{id}',
    dialect: 'openai',
    key: 'management',
    params: BudgetId,
    body: BudgetPatch,
    result: BudgetReply,
    errors: ['budget_not_found', 'invalid_amount'],
  }),
  operation({
    name: 'deleteBudget',
    method: 'DELETE',
    path: '/api/admin/budgets/{id}',
    dialect: 'openai',
    key: 'management',
    params: BudgetId,
    result: BudgetDeleted,
    errors: ['budget_not_found'],
  }),
] as const
