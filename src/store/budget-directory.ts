/**
 * The budgets of the organisations that call, kept in memory so that a call asks the database for none. What decides is
 * read with the counters, in the ledger's own transaction; here is only which budgets are to be asked. A change holds at
 * once; where another process that made it is not heard, within a second.
 */
import { LRUCache } from 'lru-cache'
import { type BudgetIndex, chainFor, indexBudgets, type Spender } from '../core/budget-chain.ts'
import type { Budget } from '../core/budget-rows.ts'
import type { Clock } from '../lib/clock.ts'
import { instanceOf, livingBudgets } from './budgets.ts'
import { endDead } from './dead-reservations.ts'
import type { Store } from './store.ts'

export type BudgetDirectory = {
  /** All budgets that the spending must pass; at once where they are known. */
  chainOf(spender: Spender): Budget[] | Promise<Budget[]>
  /** A change to the organisation's budgets holds from here on. */
  forget(organisationId: bigint): void
  /** Frees what reservations hold that are dead by now. True: there were some, and what was refused may pass. */
  endDead(organisationId: bigint, at: number): Promise<boolean>
}

const MOST_ORGANISATIONS = 10_000
const MOST_INSTANCES = 50_000
/** Where other processes may change them: asked anew in the background after this time, and waited for after the second. */
const FRESH_MS = 500
const STALE_MS = 1_000

/** A flood of refusals does not ask for the dead each time. */
const LOOKED_FOR_MS = 250

type Known = { readonly index: BudgetIndex; readonly readAt: number; refreshing: boolean }

export function createBudgetDirectory({
  store,
  clock,
}: {
  store: Store
  clock: Pick<Clock, 'elapsed'>
}): BudgetDirectory {
  const known = new LRUCache<string, Known>({ max: MOST_ORGANISATIONS })
  const instances = new LRUCache<string, Budget>({ max: MOST_INSTANCES })
  const looked = new LRUCache<string, number>({ max: MOST_ORGANISATIONS })
  let changes = 0

  async function read(organisationId: bigint): Promise<BudgetIndex> {
    const [before, readAt] = [changes, clock.elapsed()]
    const index = indexBudgets(await livingBudgets(store, organisationId))
    // What was read before a change must not be kept after it.
    if (changes === before) known.set(String(organisationId), { index, readAt, refreshing: false })
    return index
  }

  function indexOf(organisationId: bigint): BudgetIndex | Promise<BudgetIndex> {
    const found = known.get(String(organisationId))
    if (!found) return read(organisationId)
    const age = store.engine === 'sqlite' ? 0 : clock.elapsed() - found.readAt
    if (age > STALE_MS) return read(organisationId)
    if (age > FRESH_MS && !found.refreshing) {
      found.refreshing = true
      // What fails in the background is waited for by the next call.
      read(organisationId).catch(() => known.delete(String(organisationId)))
    }
    return found.index
  }

  async function ownBudget(template: Budget, endUser: string): Promise<Budget> {
    const { id, version, action, since, coming } = template
    const name = `${id}:${version}:${action}:${coming?.from ?? since}:${endUser}`
    const seen = instances.get(name)
    if (seen) return seen
    const before = changes
    const found = await instanceOf(store, template, endUser)
    if (changes === before) instances.set(name, found)
    return found
  }

  function chainIn(index: BudgetIndex, spender: Spender): Budget[] | Promise<Budget[]> {
    const chain = chainFor(index, spender)
    const { endUser } = spender
    if (endUser === null || index.templates.length === 0) return chain
    return Promise.all(index.templates.map((template) => ownBudget(template, endUser))).then((own) => [
      ...chain,
      ...own,
    ])
  }

  const forgetHere = (organisationId: bigint) => {
    changes++
    known.delete(String(organisationId))
    instances.clear()
  }
  store.onChange((change) => {
    if (change.kind === 'budgets') forgetHere(change.organisationId)
    if (change.kind !== 'everything') return
    changes++
    known.clear()
    instances.clear()
  })

  return {
    chainOf(spender) {
      const index = indexOf(spender.organisationId)
      return index instanceof Promise ? index.then((read) => chainIn(read, spender)) : chainIn(index, spender)
    },
    forget(organisationId) {
      forgetHere(organisationId)
      store.announce({ kind: 'budgets', organisationId })
    },
    async endDead(organisationId, at) {
      const name = String(organisationId)
      if (Math.abs(at - (looked.get(name) ?? 0)) < LOOKED_FOR_MS) return false
      looked.set(name, at)
      const ended = await endDead(store, organisationId, at)
      if (ended > 0) looked.delete(name)
      return ended > 0
    },
  }
}
