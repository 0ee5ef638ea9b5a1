/** Those who want to be told of something, in the order in which they came. */
export function createHearers<T>() {
  const hearers: ((said: T) => void)[] = []
  return {
    add: (hear: (said: T) => void): void => void hearers.push(hear),
    tell(said: T): void {
      for (const hear of hearers) hear(said)
    },
  }
}
