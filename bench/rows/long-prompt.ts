/** Long prompts, one after the other, while a tiny request every 5 ms feels how long the event loop is held up. */
import { type Bench, chatBody, prose, type Row } from '../row.ts'
import type { Target } from '../targets.ts'

const block = {
  key: 'block',
  label: 'longest wait of a probe every 5 ms',
  unit: 'ms',
  against: 'added',
  aim: '≤ 20 ms (the value)',
} as const
const added = { key: 'p50', label: 'one at a time, p50', unit: 'ms', against: 'added' } as const
const mock = { delayMs: 0, chunks: 0, gapMs: 0 }

export const largePrompt: Row = {
  name: 'large-prompt',
  title: 'large prompt',
  payload: '400 KB of prose, 1 KB reply',
  mock,
  withoutDirect: true,
  metrics: [{ ...added, aim: '≤ 5 ms' }, block],
  measure: measureWith(prose(400_000)),
}

export const hostilePrompt: Row = {
  name: 'hostile-prompt',
  title: 'hostile prompt',
  payload: '1 MB of one letter, 1 KB reply',
  mock,
  withoutDirect: true,
  metrics: [{ ...added, aim: '' }, block],
  measure: measureWith('a'.repeat(1_000_000)),
}

function measureWith(content: string): Row['measure'] {
  return async (bench: Bench, target: Target) => {
    const body = chatBody(target, content, false)
    const { load, longestWaitMs } = await bench.withProbe(target, () => bench.closed(target, body, 1))
    return { p50: load.total.p50, block: longestWaitMs }
  }
}
