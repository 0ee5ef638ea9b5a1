/** "Did you mean": the known word that a mistyped one was most likely meant to be. */
const LONGEST = 64

/** `undefined` where nothing is near: a wrong guess misleads more than none. */
export function closest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined
  const wanted = plain(word)
  const near = known
    .map((candidate) => ({ candidate, steps: distance(wanted, plain(candidate)) }))
    .filter(({ candidate, steps }) => steps <= Math.min(3, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.steps - b.steps)
  return near[0]?.candidate
}

/** Letter case and separators are what people mix up most, so they cost nothing. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_. ]/g, '')

/** Insertions, deletions, changes and swaps of neighbours that lead from one word to the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : change
      next.push(Math.min(at(row, j) + 1, at(next, j - 1) + 1, change, swap))
    }
    before = row
    row = next
  }
  return at(row, b.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? 0
