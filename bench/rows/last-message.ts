/**
 * What accounting is feared for: the time from the upstream's last byte to the client's, with the cost in it, while
 * streams start at half the rate that the slowest target can carry.
 */
import { type Bench, chatBody, prose, type Row } from '../row.ts'
import type { Target } from '../targets.ts'

const connections = 32
const content = prose(900)

export const lastMessage: Row = {
  name: 'last-message',
  title: 'last message, at half load',
  payload: '1 KB request, 50 chunks without a gap, usage and cost asked for, fixed rate',
  mock: { delayMs: 0, chunks: 50, gapMs: 0 },
  metrics: [
    {
      key: 'p50',
      label: "upstream's last byte → client's last byte, p50",
      unit: 'ms',
      against: 'added',
      aim: '≤ 1.5 ms (the value)',
    },
    { key: 'p99', label: 'the same, p99', unit: 'ms', against: 'added', aim: '≤ 10 ms (the value)' },
    { key: 'rate', label: 'streams/s that were whole', unit: '/s', against: 'nothing', aim: '' },
  ],
  async calibrate(bench: Bench, slowest: Target) {
    const { perSecond } = await bench.closed(slowest, chatBody(slowest, content, true), connections)
    return Math.max(1, Math.floor(perSecond / 2))
  },
  async measure(bench: Bench, target: Target, perSecond: number) {
    const result = await bench.open(target, chatBody(target, content, true), perSecond)
    return { p50: result.lastByte.p50, p99: result.lastByte.p99, rate: result.perSecond }
  },
}
