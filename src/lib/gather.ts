/** Gathers what comes within one turn of the event loop, so that many small hand-overs become one. */
export type Gatherer<T> = { add(item: T): void }

/** `flush` gets the items of a turn in the order of their arrival, once the turn's input has been read. */
export function createGatherer<T>(flush: (items: T[]) => void): Gatherer<T> {
  let items: T[] = []
  const hand = () => {
    const gathered = items
    items = []
    flush(gathered)
  }
  return {
    add(item) {
      if (items.push(item) === 1) setImmediate(hand)
    },
  }
}
