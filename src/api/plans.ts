/** Plans: made, listed, archived, assigned. What is due at once is granted at once; a job grants the rest. */

import { refuse } from '../contract/errors.ts'
import type { Plan } from '../contract/plans.ts'
import type { Caller } from '../core/caller.ts'
import { nextBoundary } from '../core/plan.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import { findOrganisation } from '../store/organisations.ts'
import {
  activePlan,
  archivePlan,
  assignPlan,
  createPlan,
  findPlan,
  grantPlans,
  listPlans,
  type StoredPlan,
} from '../store/plans.ts'
import { type CreditRate, creditRate, withDecimal } from './money.ts'
import { once } from './once.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Handlers } from './parts.ts'
import { contentOf } from './post.ts'
import { accountFor } from './who.ts'

export const planHandlers: Handlers<'createPlan' | 'listPlans' | 'archivePlan' | 'assignPlan'> = {
  async createPlan(parts, call) {
    const { caller, body, at, audit } = call
    const rate = creditRate(parts)
    const plan: StoredPlan = {
      ...parts.store.ids.next(),
      name: body.name,
      amount: rate.nanos(body.amount),
      interval: body.interval,
      occurrences: body.occurrences ?? null,
      accumulate: body.accumulate ?? false,
      isActive: body.markAsActive ?? true,
      createdAt: at,
    }
    const row = audit({ action: 'plan.create', target: `plan_${plan.code}`, before: null, after: auditedPlan(plan) })
    const made = { success: true, plan: planOf(plan, rate) } as const
    return once(parts, call, call.idempotency(body), async (remember) => {
      await createPlan(parts.store, caller.organisationId, plan, [row, ...remember(made)])
      return made
    })
  },

  async listPlans(parts, { caller, query }) {
    const page = pageOf('plans', query)
    const { plans, total } = await listPlans(parts.store, caller.organisationId, page)
    const { shown, pagination } = paged('plans', page, plans, total)
    const rate = creditRate(parts)
    return { body: { success: true, plans: shown.map((plan) => planOf(plan, rate)), pagination } }
  },

  async archivePlan(parts, call) {
    const { caller, params, audit } = call
    const plan = await planFor(parts, caller, params.id)
    const change = { before: { isActive: plan.isActive }, after: { isActive: false } }
    const row = audit({ action: 'plan.archive', target: `plan_${plan.code}`, ...change })
    const archived = { success: true, plan: planOf({ ...plan, isActive: false }, creditRate(parts)) } as const
    return once(parts, call, call.idempotency({ id: params.id }), async (remember) => {
      await archivePlan(parts.store, caller.organisationId, plan.id, [row, ...remember(archived)])
      return archived
    })
  },

  async assignPlan(parts, call) {
    const { caller, params, body, at, audit } = call
    const { organisationId } = caller
    const account = await accountFor(parts, caller, { ...params, ...body }, at)
    return once(parts, call, call.idempotency(contentOf(body, account)), async (remember) => {
      if (account.status === 'closed') throw refuse('account_closed')
      const plan = await planFor(parts, caller, body.planId)
      if (!plan.isActive) throw refuse('plan_not_found', 'The plan is archived', { param: 'planId' })
      const timeZone = (await findOrganisation(parts.store, { id: organisationId }))?.timeZone ?? 'UTC'
      const from = body.startMode === 'next_interval' ? nextBoundary(plan.interval, at, timeZone) : at
      const assigning = { organisationId, accountId: account.id, planId: plan.id, startsAt: from, at }
      const known = await activePlan(parts.store, organisationId, account.id)
      const startsAt = instantText(known?.planId === plan.id ? known.startsAt : from)
      const names = { accountId: `acc_${account.code}`, planId: `plan_${plan.code}` }
      const row = audit({
        ...{ action: 'account.assign_plan', target: names.accountId, before: null },
        after: { planId: names.planId, startsAt },
      })
      const assigned = { success: true, ...names, startsAt } as const
      await assignPlan(parts.store, assigning, [row, ...remember(assigned)])
      await grantPlans(parts.store, at, account.id)
      return assigned
    })
  },
}

const auditedPlan = ({ name, amount, interval, occurrences, accumulate, isActive }: StoredPlan) => ({
  ...{ name, interval, occurrences, accumulate, isActive, amountUsd: nanosText(amount) },
})

async function planFor({ store }: ApiParts, { organisationId }: Caller, id: string): Promise<StoredPlan> {
  const plan = await findPlan(store, organisationId, /^plan_(.+)$/.exec(id)?.[1] ?? '')
  if (!plan) throw refuse('plan_not_found')
  return plan
}

function planOf(plan: StoredPlan, rate: CreditRate): Plan {
  const { name, interval, occurrences, accumulate, isActive } = plan
  return {
    id: `plan_${plan.code}`,
    name,
    ...withDecimal({ credits: rate.text(plan.amount) }),
    ...{ interval, occurrences, accumulate, isActive },
    createdAt: instantText(plan.createdAt),
  }
}
