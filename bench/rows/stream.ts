/** Streams of 50 chunks, sent as fast as the upstream can: the first event, and how many whole streams. */
import { type Bench, chatBody, prose, type Row } from '../row.ts'
import type { Target } from '../targets.ts'

const connections = 32
const content = prose(900)

export const stream: Row = {
  name: 'stream',
  title: 'stream',
  payload: '1 KB request, 50 chunks without a gap, usage and cost asked for',
  mock: { delayMs: 0, chunks: 50, gapMs: 0 },
  metrics: [
    {
      key: 'firstByte',
      label: 'first event, one at a time, p50',
      unit: 'ms',
      against: 'added',
      aim: '≤ 0.5 ms (PostgreSQL: 1 ms)',
    },
    {
      key: 'throughput',
      label: `whole streams/s at ${connections} connections`,
      unit: '/s',
      against: 'share',
      aim: '≥ 0.80',
    },
  ],
  async measure(bench: Bench, target: Target) {
    const body = chatBody(target, content, true)
    const { firstByte } = await bench.closed(target, body, 1)
    const { perSecond } = await bench.closed(target, body, connections)
    return { firstByte: firstByte.p50, throughput: perSecond }
  },
}
