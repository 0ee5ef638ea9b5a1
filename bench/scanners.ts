/**
 * Times the scanners that the hot path runs on every event and body: `node bench/scanners.ts`. Figures are the fastest
 * of several rounds, which other work on the machine disturbs least; they do not travel between machines.
 */
import { guardJson } from '../src/lib/json-guard.ts'
import { injectAfter, spliceMembers, topLevelMembers } from '../src/lib/json-scan.ts'
import { createEventSplitter } from '../src/lib/sse.ts'

const ROUNDS = 200
const MAX_EVENT_BYTES = 1 << 20

const chunk =
  '{"id":"chatcmpl-CpV8ZbqfL2xH0r7Yy3kQvJ1tUa4mN","object":"chat.completion.chunk","created":1763949831,"model":"gpt-4.1-nano-2025-04-14","system_fingerprint":"fp_80e0751284","choices":[{"index":0,"delta":{"content":" Paris"},"logprobs":null,"finish_reason":null}],"usage":null}'
const edits = new Map<string, string | undefined>([
  ['id', '"gen-1763949831-7hT2kQ9wXz4LmB6vN1cR"'],
  ['model', '"openai/gpt-4.1-nano"'],
  ['usage', undefined],
  ['provider', '"OpenAI"'],
])
const event = Buffer.from(`data: ${chunk}\n\n`)
const five = Buffer.concat(Array.from({ length: 5 }, () => event))
const named = Buffer.from(`event: content_block_delta\ndata: ${chunk}\n\n`)
const prose = JSON.stringify({
  messages: [{ role: 'user', content: 'A line of "prose", as prompts are.\n'.repeat(26_000) }],
})
const numbers = JSON.stringify(Array.from({ length: 150_000 }, (_, i) => i))

/** Nanoseconds of one call. */
function time(times: number, run: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < times; i++) results[i & 1] = run()
    return Number(process.hrtime.bigint() - start) / times
  })
  return Math.min(...rounds)
}
/** Results are kept, so that no call can be optimised away. */
const results: unknown[] = []

const print = (what: string, ns: number): void =>
  console.log(`${what.padEnd(52)}${Math.round(ns).toString().padStart(9)} ns`)

const members = topLevelMembers(chunk) ?? []
const splitter = createEventSplitter({ maxEventBytes: MAX_EVENT_BYTES })
const decoder = new TextDecoder()

print(
  `scan a chunk (${chunk.length} characters)`,
  time(2_000, () => topLevelMembers(chunk)),
)
print(
  'splice it',
  time(2_000, () => spliceMembers(chunk, members, edits)),
)
print(
  'scan and splice',
  time(2_000, () => spliceMembers(chunk, topLevelMembers(chunk) ?? [], edits)),
)
print(
  'add native_finish_reason',
  time(2_000, () => injectAfter(chunk, 'finish_reason', 0, (value) => `"native_finish_reason":${value}`)),
)
print(
  'for comparison, parse and stringify',
  time(2_000, () => JSON.stringify(JSON.parse(chunk))),
)
print(
  'split, one event a push',
  time(2_000, () => splitter.push(event)),
)
print('split, five events a push, each event', time(400, () => splitter.push(five)) / 5)
print(
  'split, a named event',
  time(2_000, () => splitter.push(named)),
)
print(
  'split and splice, one event',
  time(2_000, () => splitter.push(event).map(({ data }) => spliceMembers(data, topLevelMembers(data) ?? [], edits))),
)
for (const [what, text] of [
  ['prose', prose],
  ['numbers', numbers],
] as const) {
  const body = Buffer.from(text)
  const perMb = 1e6 / body.length
  print(`guard, each MB of ${what}`, time(1, () => guardJson(body)) * perMb)
  print(`decode, each MB of ${what}`, time(1, () => decoder.decode(body)) * perMb)
  print(`parse, each MB of ${what}`, time(1, () => JSON.parse(text)) * perMb)
}
const wide = `{${'"":0,'.repeat(200_000)}"":0}`
print(
  'scan 1 MB of tiny members',
  time(1, () => topLevelMembers(wide)),
)
