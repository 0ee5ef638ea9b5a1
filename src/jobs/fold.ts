/** Keeps the sums that reports read up to date: quarter hours once they are over, longer spans once those in them are folded. */
import { FOLDED_SPANS, type FoldedSpan, spanStart } from '../core/report-spans.ts'
import { foldQuarter, foldSpan, unfoldedQuarters, unfoldedSpans } from '../store/folding.ts'
import type { HashDetails } from '../store/report-values.ts'
import type { Store } from '../store/store.ts'

export type FoldParts = { readonly store: Store; readonly hashDetails: HashDetails }

export type Folds = {
  /** One run: at most so many quarter hours and longer spans; how many were folded. Repeated, it comes to the same sums. */
  run(): Promise<{ quarters: number; spans: number }>
}

/** The next run goes on where this one ends. */
const QUARTERS_A_RUN = 200
const SPANS_A_RUN = 100

export function createFolds({ store, hashDetails }: FoldParts): Folds {
  // Longer spans are looked for only where something may have changed.
  let seekSpans = true
  let hour = 0
  return {
    async run() {
      let [quarters, spans] = [0, 0]
      const unfolded = await unfoldedQuarters(store, store.now(), QUARTERS_A_RUN)
      for (const each of unfolded) if (await foldQuarter(store, hashDetails, each)) quarters++
      const now = spanStart('hour', store.now())
      if (quarters > 0 || now !== hour) seekSpans = true
      hour = now
      if (!seekSpans) return { quarters, spans }
      seekSpans = false
      for (const span of FOLDED_SPANS) spans += await foldAll(span)
      return { quarters, spans }
    },
  }

  async function foldAll(span: FoldedSpan): Promise<number> {
    const found = await unfoldedSpans(store, span, store.now(), SPANS_A_RUN)
    if (found.length > 0) seekSpans = true
    let folded = 0
    for (const each of found) if (await foldSpan(store, span, each)) folded++
    return folded
  }
}
