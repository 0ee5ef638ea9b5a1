/** Server-sent events out of a response body, as texts; comments and other fields are passed over. */
import { ConnectionError } from './errors.ts'
import { aborted } from './transport.ts'

/** An event above this is no chunk of a reply. */
const MOST_CHARACTERS = 8 * 1024 * 1024

export async function* eventsOf(response: Response, signal?: AbortSignal): AsyncGenerator<string> {
  if (!response.body) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw signal?.aborted ? aborted(signal) : new ConnectionError('The stream broke off.', { cause })
      })
      rest += done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true })
      if (rest.length > MOST_CHARACTERS) throw new ConnectionError('An event of the stream is too long.')
      // A CR at the end may be the first half of a CRLF.
      const lines = (done || !rest.endsWith('\r') ? rest : rest.slice(0, -1)).split(/\r\n|\r|\n/)
      rest = (lines.pop() ?? '') + (!done && rest.endsWith('\r') ? '\r' : '')
      for (const line of lines) {
        if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5))
        if (line !== '' || data.length === 0) continue
        yield data.join('\n')
        data = []
      }
      if (done) return
    }
  } finally {
    // Also where the caller left early: the server learns that nobody listens.
    await reader.cancel().catch(() => undefined)
  }
}
