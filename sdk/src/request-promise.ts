/** What the methods of the client return: promises that also know the response behind them, and lists that walk their pages. */
import { TurnpikeError } from './errors.ts'

/** An answer with the response that brought it. */
export type WithResponse<T> = {
  /** What the promise itself resolves to. */
  readonly data: T
  /** Its body has been read. */
  readonly response: Response
  /** `x-request-id` of the answer. */
  readonly requestId: string | undefined
}

/** A promise of the answer. */
export type RequestPromise<T> = Promise<T> & {
  /** The answer with its status and headers. */
  withResponse(): Promise<WithResponse<T>>
}

/** A promise of the first page; `for await` walks the items of all pages. */
export type PagePromise<P, T> = RequestPromise<P> & AsyncIterable<T>

export function requestPromise<T>(answer: Promise<WithResponse<T>>): RequestPromise<T> {
  const data = answer.then((answered) => answered.data)
  return Object.assign(data, {
    withResponse() {
      // A failure is told once, to whoever asked for the response.
      data.catch(() => undefined)
      return answer
    },
  })
}

export const mapped = <T, U>(promise: RequestPromise<T>, change: (data: T) => U): RequestPromise<U> =>
  requestPromise(promise.withResponse().then((answered) => ({ ...answered, data: change(answered.data) })))

export type Paging<P, T> = {
  items(page: P): readonly T[]
  /** Names the next page, after `seen` items of this walk; undefined: this was the last. */
  next(page: P, seen: number): string | undefined
  fetch(next: string): Promise<P>
}

export function paged<P, T>(first: RequestPromise<P>, { items, next, fetch }: Paging<P, T>): PagePromise<P, T> {
  return Object.assign(first, {
    async *[Symbol.asyncIterator]() {
      let page = await first
      let seen = 0
      for (let before: string | undefined; ; ) {
        const shown = items(page)
        yield* shown
        seen += shown.length
        const name = next(page, seen)
        if (name === undefined) return
        if (name === before)
          throw new TurnpikeError('The server gave the same page twice; the list was not read to its end.')
        before = name
        page = await fetch(name)
      }
    },
  })
}
