/**
 * The limit of the runtime: node:http in, undici's `Pool.dispatch` out, bytes passed on as they come, nothing looked
 * at. What a gateway costs is counted from here.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { serveChild } from './child.ts'

const upstream = process.argv[2]
if (upstream === undefined) throw new Error('usage: bare-proxy.ts <upstream origin>')
serveChild(createProxy(new Pool(upstream)))

function createProxy(pool: Pool) {
  return createServer((request, response) => {
    if (request.url === '/healthz') return response.end()
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    // A body in one piece goes out in one write, which is faster than a stream of it.
    request.on('end', () => {
      const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
      const headers = framing(request.headers)
      pool.dispatch({ method: 'POST', path: request.url ?? '/', headers, body }, passTo(response))
    })
  })
}

function passTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'))
      })
      response.on('drain', () => controller.resume())
    },
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, framing(headers))
    },
    onResponseData(controller, bytes) {
      if (!response.write(bytes)) controller.pause()
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      response.destroy()
    },
  }
}

function framing({ 'content-type': type, 'content-length': length }: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {}
  if (type !== undefined) kept['content-type'] = type
  if (length !== undefined) kept['content-length'] = length
  return kept
}
