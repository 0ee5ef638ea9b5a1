/** Cuts CSV that arrives piece by piece after so many rows; a line end within quotes ends none. */
type FirstRows = {
  /** As much of the piece as belongs to them. */
  take(piece: string): string
  /** How many were taken, the heading not counted. */
  taken(): number
  /** Something came after the last of them. */
  hasMore(): boolean
}

export function firstRows(wanted: number): FirstRows {
  let lines = 0
  let isQuoted = false
  let hasMore = false
  const end = (piece: string): number => {
    if (wanted === Number.POSITIVE_INFINITY) return piece.length
    for (let index = 0; index < piece.length; index++) {
      if (lines > wanted) return index
      if (piece[index] === '"') isQuoted = !isQuoted
      else if (piece[index] === '\n' && !isQuoted) lines++
    }
    return piece.length
  }
  return {
    take(piece) {
      const kept = piece.slice(0, end(piece))
      hasMore ||= kept.length < piece.length
      return kept
    },
    taken: () => Math.max(0, lines - 1),
    hasMore: () => hasMore,
  }
}
