/** JSON calls of 1 KB: how many at once, and what one waits. */
import { type Bench, chatBody, prose, type Row } from '../row.ts'
import type { Target } from '../targets.ts'

const connections = 64
const content = prose(900)

export const json: Row = {
  name: 'json',
  title: 'JSON call',
  payload: '1 KB request, 1 KB reply',
  mock: { delayMs: 0, chunks: 0, gapMs: 0 },
  metrics: [
    { key: 'throughput', label: `calls/s at ${connections} connections`, unit: '/s', against: 'share', aim: '≥ 0.60' },
    { key: 'p50', label: 'one at a time, p50', unit: 'ms', against: 'added', aim: '≤ 1.0 ms' },
  ],
  async measure(bench: Bench, target: Target) {
    const body = chatBody(target, content, false)
    const { perSecond } = await bench.closed(target, body, connections)
    const { total } = await bench.closed(target, body, 1)
    return { throughput: perSecond, p50: total.p50 }
  },
}
