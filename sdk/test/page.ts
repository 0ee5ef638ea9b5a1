/** A web page that uses the packed client as it is: its ES modules, loaded one by one, from another origin than Turnpike's. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export type Site = { readonly url: string; close(): Promise<void> }

/** `script` is the page's own module; `@turnpike/sdk` is mapped to what lies in `modules`. */
export async function servePage(modules: string, script: string): Promise<Site> {
  const map = JSON.stringify({ imports: { '@turnpike/sdk': '/sdk/index.js' } })
  const html = `<!doctype html><title>page</title><link rel="icon" href="data:,"><script type="importmap">${map}</script><script type="module">${script}</script>`
  const server = createServer(async ({ url = '/' }, response) => {
    const name = /^\/sdk\/([\w.-]+\.js)$/.exec(url)?.[1]
    if (url === '/') return response.setHeader('content-type', 'text/html').end(html)
    const text = name && (await readFile(join(modules, name), 'utf8').catch(() => undefined))
    if (!text) return response.writeHead(404).end()
    response.setHeader('content-type', 'text/javascript').end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Credits from the reservation to the sums, and a streamed chat; what came of it is in `window.found`. */
export const creditsAndChat = (options: { baseUrl: string; apiKey: string; callKey: string }): string => `
import { CostTracker, TurnpikeClient } from '@turnpike/sdk'
const { baseUrl, apiKey, callKey } = ${JSON.stringify(options)}
async function run() {
  const client = new TurnpikeClient({ baseUrl, apiKey })
  const externalId = 'from a page'
  await client.createAccount({ name: 'Page', externalId })
  await client.addCredits({ externalId, amount: 10, description: 'start' })
  const { reservation, balance } = await client.createReservation({ externalId, amount: 5 })
  const confirmed = await client.confirmReservation(reservation.id, '1.5')
  await client.recordUsage({
    ...{ context: 'customer', transactionId: confirmed.transactionId, externalId },
    ...{ modelId: 'gpt-4o', usageType: 'text', inputTokens: 1200, outputTokens: 380 },
  })
  const { totalCostUsd } = await client.getUsageSummary({ externalId })
  const records = []
  for await (const record of client.getUsage({ externalId })) records.push(record.estimatedCostUsd)
  const refused = await client.createReservation({ externalId, amount: 500 }).catch(({ status, code, requestId }) => [status, code, requestId.length])
  const tracker = new CostTracker({ baseUrl, apiKey: callKey })
  let [text, chunks] = ['', 0]
  const messages = [{ role: 'user', content: 'Hello from a page' }]
  for await (const chunk of await tracker.chat({ model: 'openai/gpt-4o-mini', messages, stream: true })) {
    chunks += 1
    text += chunk.choices[0]?.delta.content ?? ''
  }
  return {
    ...{ reserved: balance.reserved, charged: confirmed.charged, left: confirmed.balance.available, totalCostUsd, records, refused },
    ...{ isStreamed: chunks > 2 && text.length > 0, cost: tracker.getTotalCost(), calls: tracker.costHistory.length },
  }
}
run().then((found) => { window.found = found }, (error) => { window.found = { error: String(error?.stack ?? error) } })
`
