/** Remembers the last requests, for assertions: at most a thousand, and no more than some megabytes of bodies. */
export type LoggedRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const MAX_REQUESTS = 1000
const MAX_CHARACTERS = 8 * 2 ** 20

export function createRequestLog(): { readonly requests: readonly LoggedRequest[]; add(request: LoggedRequest): void } {
  const requests: LoggedRequest[] = []
  let characters = 0
  return {
    requests,
    add(request) {
      requests.push(request)
      characters += request.body.length
      // The newest stays, however long it is.
      while (requests.length > 1 && (requests.length > MAX_REQUESTS || characters > MAX_CHARACTERS)) {
        characters -= requests.shift()?.body.length ?? 0
      }
    },
  }
}
