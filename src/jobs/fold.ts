/** Keeps the sums that reports read up to date: quarter hours once they are over, days once their quarter hours are folded. */
import { DAY_MS } from '../core/report-plan.ts'
import { foldDay, foldQuarter, unfoldedDays, unfoldedQuarters } from '../store/folding.ts'
import type { HashDetails } from '../store/report-values.ts'
import type { Store } from '../store/store.ts'

export type FoldParts = { readonly store: Store; readonly hashDetails: HashDetails }

export type Folds = {
  /** One run: at most so many quarter hours and days; how many were folded. Repeated, it comes to the same sums. */
  run(): Promise<{ quarters: number; days: number }>
}

/** The next run goes on where this one ends. */
const QUARTERS_A_RUN = 200
const DAYS_A_RUN = 50

export function createFolds({ store, hashDetails }: FoldParts): Folds {
  // Days are looked for only where something may have changed.
  let seekDays = true
  let today = 0
  return {
    async run() {
      let [quarters, days] = [0, 0]
      const unfolded = await unfoldedQuarters(store, store.now(), QUARTERS_A_RUN)
      for (const each of unfolded) if (await foldQuarter(store, hashDetails, each)) quarters++
      const day = Math.floor(store.now() / DAY_MS)
      if (quarters > 0 || day !== today) seekDays = true
      today = day
      if (!seekDays) return { quarters, days }
      const found = await unfoldedDays(store, store.now(), DAYS_A_RUN)
      for (const each of found) if (await foldDay(store, each)) days++
      seekDays = found.length > 0
      return { quarters, days }
    },
  }
}
