/** A provider that was asked for a stream and sent a whole reply: the client gets the stream that it asked for all the same. */
import type { StreamSink, UpstreamReply } from './provider.ts'

type Fields = Readonly<Record<string, unknown>>

/** One event with all that was said, then one with the usage. */
export function wholeAsStream({ status, parsed }: UpstreamReply & { readonly kind: 'whole' }): UpstreamReply {
  const { usage, choices, ...shared } = parsed
  const said = { ...shared, choices: listOf(choices).map(chunkChoice) }
  const events = usage === undefined || usage === null ? [said] : [said, { ...shared, choices: [], usage }]
  const stream = {
    listen(sink: StreamSink) {
      for (const event of events) sink.event(JSON.stringify(event))
      sink.end(undefined)
    },
    pause() {},
    resume() {},
    abort() {},
  }
  return { kind: 'stream', status, first: parsed, stream }
}

function chunkChoice({ message, ...choice }: Fields): Fields {
  const said = isFields(message) ? message : {}
  const calls = listOf(said.tool_calls).map((call, index) => ({ index, ...call }))
  return { ...choice, delta: calls.length > 0 ? { ...said, tool_calls: calls } : said }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])
