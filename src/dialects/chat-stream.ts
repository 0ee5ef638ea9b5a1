/** Streams of chunks as text: each chunk is an event without a name, and `[DONE]` stands at the end of a complete one. */
import { eventText } from '../lib/sse.ts'
import type { ChatDialect, Dialect } from './dialect.ts'

export function chatStream({ usageEvent, errorEvent, keepAlive, ...dialect }: ChatDialect): Dialect {
  return {
    ...dialect,
    chunk(data, context, state) {
      const chunk = dialect.chunk(data, context, state)
      return chunk === undefined ? undefined : eventText(chunk)
    },
    ending(context, state, settled) {
      const usage = usageEvent(context, state, settled)
      return `${usage === undefined ? '' : eventText(usage)}${DONE}`
    },
    failure: (refused, context, state, settled) => eventText(errorEvent(refused, context, state, settled)),
    keepAlive: keepAlive && { text: `${keepAlive.comment}\n\n`, everyMs: keepAlive.everyMs },
  }
}

const DONE = eventText('[DONE]')
