/** What an open stream holds in memory: 2,000 of them, each with an event a second, on a process that has warmed up. */
import { readFile } from 'node:fs/promises'
import { type Bench, chatBody, prose, type Row } from '../row.ts'
import type { Target } from '../targets.ts'

const streams = 2000
const warmStreams = 200
const settleMs = 2000
const content = prose(900)

export const openStreams: Row = {
  name: 'open-streams',
  title: `${streams} open streams`,
  payload: '1 KB request, one chunk a second',
  mock: { delayMs: 0, chunks: 600, gapMs: 1000 },
  withoutDirect: true,
  fresh: true,
  metrics: [
    {
      key: 'perStream',
      label: 'memory over idle, per stream',
      unit: 'KB',
      against: 'added',
      aim: '≤ 40 KB (the value)',
    },
    { key: 'idle', label: 'memory when idle', unit: 'MB', against: 'nothing', aim: '' },
  ],
  async measure(bench: Bench, target: Target) {
    const body = chatBody(target, content, true)
    await bench.hold(target, body, warmStreams)
    await bench.release()
    await bench.pause(settleMs)
    const idleKb = await residentKb(target.pid)
    await bench.hold(target, body, streams)
    await bench.pause(settleMs)
    const open = await bench.openUpstream()
    const heldKb = await residentKb(target.pid)
    await bench.release()
    if (open < streams) throw new Error(`only ${open} of ${streams} streams are open upstream of ${target.name}`)
    return { perStream: (heldKb - idleKb) / streams, idle: idleKb / 1024 }
  },
}

async function residentKb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1])
}
