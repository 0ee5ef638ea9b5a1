/** A server that answers by a script, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Asked = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** `cut` drops the connection, `silent` never answers. */
export type Step =
  | 'cut'
  | 'silent'
  | { status?: number; headers?: Record<string, string>; body?: unknown; chunks?: string[] }

export type ScriptedServer = {
  readonly url: string
  readonly asked: Asked[]
  /** One step a request; the last one repeats. */
  play(...steps: Step[]): void
  close(): Promise<void>
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const asked: Asked[] = []
  let script: Step[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    asked.push({ method, url, headers, body: await text(request) })
    const step = script.length > 1 ? script.shift() : script[0]
    if (step === undefined || step === 'silent') return
    if (step === 'cut') return request.socket.destroy()
    const { status = 200, headers: own = {}, body, chunks } = step
    response.writeHead(status, { 'content-type': chunks ? 'text/event-stream' : 'application/json', ...own })
    for (const chunk of chunks ?? []) response.write(chunk)
    response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    play(...steps) {
      asked.length = 0
      script = steps
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const refusal = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
  details?: object,
): Step => ({
  status,
  headers: { 'retry-after-ms': '1', ...headers },
  body: {
    error: { message: `refused with ${code}`, type: 'x', param: null, code, details },
    request_id: 'f'.repeat(32),
  },
})
