/** Budgets: set, listed, changed, ended. A change holds at once, since the ledger reads limits with the counters. */
import { refuse } from '../contract/errors.ts'
import type { Budget } from '../core/budget-rows.ts'
import type { Caller } from '../core/caller.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import {
  countBudgets,
  createBudget,
  endBudget,
  findBudget,
  listBudgets,
  MOST_BUDGETS,
  updateBudget,
} from '../store/budgets.ts'
import { rememberedAnswer } from '../store/remembered.ts'
import { StoreFailed } from '../store/store.ts'
import { changedBudget, newBudget } from './budget-rules.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Handlers, Whole } from './parts.ts'
import { auditedBudget, shownBudgets } from './shown-budget.ts'

type Names = 'createBudget' | 'listBudgets' | 'getBudget' | 'updateBudget' | 'deleteBudget'

export const budgetHandlers: Handlers<Names> = {
  async createBudget(parts, call) {
    const { caller, body } = call
    const name = call.idempotency(body)
    const repeated = name && (await repeatedAnswer(parts, caller, name))
    if (repeated) return repeated
    const budget = await newBudget(parts, call)
    if ((await countBudgets(parts.store, caller.organisationId)) >= MOST_BUDGETS)
      throw refuse(
        'invalid_request',
        `An organisation has at most ${MOST_BUDGETS} budgets; use one for each end user (scopeId *)`,
      )
    const after = auditedBudget(budget)
    const audit = call.audit({ action: 'budget.create', target: `bud_${budget.code}`, before: null, after })
    const answer = { budget: await shown(parts, caller, budget, call.at) }
    try {
      await createBudget(parts.store, budget, audit, name && { name, answer: JSON.stringify(answer) })
    } catch (error) {
      // Two requests with one key may have raced: the one that lost gives the winner's answer.
      const raced = name && error instanceof StoreFailed && (await repeatedAnswer(parts, caller, name))
      if (raced) return raced
      throw error
    }
    parts.budgets.forget(caller.organisationId)
    return { body: answer }
  },

  async listBudgets(parts, { caller, query, at }) {
    const page = pageOf('budgets', query)
    const { budgets, total } = await listBudgets(parts.store, caller.organisationId, query, page)
    const { shown: rows, pagination } = paged('budgets', page, budgets, total)
    return { body: { budgets: await shownBudgets(parts.store, caller.organisationId, rows, at), pagination } }
  },

  async getBudget(parts, { caller, params, at }) {
    return { body: { budget: await shown(parts, caller, await budgetFor(parts, caller, params.id), at) } }
  },

  async updateBudget(parts, call) {
    const { caller, params, body, at } = call
    const budget = await budgetFor(parts, caller, params.id)
    if (budget.templateId !== null) throw ofTemplate()
    const changed = changedBudget(budget, body, at)
    const [before, after] = [auditedBudget(budget), auditedBudget(changed)]
    const audit = call.audit({ action: 'budget.update', target: params.id, before, after })
    await updateBudget(parts.store, changed, at, audit)
    parts.budgets.forget(caller.organisationId)
    return { body: { budget: await shown(parts, caller, changed, at) } }
  },

  async deleteBudget(parts, call) {
    const { caller, params, at } = call
    const budget = await budgetFor(parts, caller, params.id)
    if (budget.templateId !== null) throw ofTemplate()
    const before = auditedBudget(budget)
    const audit = call.audit({ action: 'budget.delete', target: params.id, before, after: null })
    await endBudget(parts.store, budget, at, audit)
    parts.budgets.forget(caller.organisationId)
    return { body: { deleted: true } }
  },
}

async function shown({ store }: ApiParts, { organisationId }: Caller, budget: Budget, at: number) {
  const [one] = await shownBudgets(store, organisationId, [budget], at)
  if (!one) throw new Error('one budget was shown')
  return one
}

async function budgetFor({ store }: ApiParts, { organisationId }: Caller, id: string): Promise<Budget> {
  const budget = await findBudget(store, organisationId, /^bud_(.+)$/.exec(id)?.[1] ?? '')
  if (!budget) throw refuse('budget_not_found')
  return budget
}

const ofTemplate = () =>
  refuse('invalid_request', 'This budget was made by a template and goes with it: change or delete the template')

async function repeatedAnswer(
  { store }: ApiParts,
  { organisationId }: Caller,
  name: Idempotency,
): Promise<Whole<'createBudget'> | undefined> {
  const stored = await rememberedAnswer(store, organisationId, name)
  if (!stored) return undefined
  if (stored.fingerprint !== name.fingerprint) throw refuse('idempotency_key_mismatch')
  return { body: JSON.parse(stored.answer), status: 201, replayed: true }
}
