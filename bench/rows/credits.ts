/** The credits API: credit set aside and charged, two requests a pair, each on disk before it is answered. */
import type { Bench, Row } from '../row.ts'
import type { Target } from '../targets.ts'

const connections = 64
const externalId = 'bench'
const body = (value: object) => JSON.stringify(value)
const pair = {
  first: { path: '/v1/reservations', body: body({ externalId, amount: 0.01 }) },
  next: { find: 'res_[0-9A-Za-z]{20}', path: '/v1/reservations/{}/confirm', body: body({ actualAmount: 0.004 }) },
}

export const credits: Row = {
  name: 'credits',
  title: 'reserve + confirm over HTTP',
  payload: 'two small JSON requests after one another, one account',
  mock: { delayMs: 0, chunks: 0, gapMs: 0 },
  only: 'turnpike',
  metrics: [
    { key: 'pairs', label: `pairs/s at ${connections} connections`, unit: '/s', against: 'nothing', aim: '' },
    { key: 'p50', label: 'a pair at half that rate, p50', unit: 'ms', against: 'nothing', aim: '' },
    { key: 'p99', label: 'the same, p99', unit: 'ms', against: 'nothing', aim: '' },
  ],
  async measure(bench: Bench, target: Target) {
    await fund(target)
    const { perSecond } = await bench.pairs(target, pair, { kind: 'closed', connections })
    const { total } = await bench.pairs(target, pair, { kind: 'open', perSecond: Math.max(1, perSecond / 2) })
    return { pairs: perSecond, p50: total.p50, p99: total.p99 }
  },
}

/** The account is made once; credit for many rounds comes with each. */
async function fund({ port, managementHeaders }: Target): Promise<void> {
  const send = (path: string, value: object) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...managementHeaders },
      body: body(value),
    })
  await send('/v1/accounts', { externalId, name: 'Bench' })
  const { status } = await send('/v1/accounts/credits/add', { externalId, amount: 100_000, description: 'bench' })
  if (status !== 200) throw new Error(`the bench's account could not be funded: ${status}`)
}
