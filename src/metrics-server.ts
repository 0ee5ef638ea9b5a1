/** A port of its own for Prometheus, on which nothing but `/metrics` is served, and no key is asked for. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scraped } from './api/metrics.ts'
import { CannotGoOn, EXIT } from './cli/exit-code.ts'

export type MetricsServer = { readonly url: string; close(): Promise<void> }

export async function listenForMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: Scraped,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') return response.writeHead(404).end()
    metrics.text().then(
      ({ type, text }) => response.writeHead(200, { 'content-type': type }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(port, host)
  await once(server, 'listening').catch((error: Error) => {
    throw new CannotGoOn(`metrics.port ${port} of turnpike.yaml cannot be listened on: ${error.message}`, EXIT.usage)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
