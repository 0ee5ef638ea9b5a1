/**
 * Events and messages that a provider of Anthropic's own wire sent: they go on as they came, blocks and members that
 * nobody else knows included, but for our identity, and for the counts, which wait for the cost.
 */
import { eventText } from '../lib/sse.ts'
import { memberText, openBody, splice } from './chat-body.ts'
import type { ChunkState, ReplyContext } from './dialect.ts'

/** Where a stream of the provider's own events stands: its last delta is held back until the call is settled. */
type Native = { native: true; lastDelta: string | undefined }

const nativeIn = ({ own }: ChunkState): Native | undefined =>
  typeof own === 'object' && own !== null && 'native' in own ? (own as Native) : undefined

export const isNative = (state: ChunkState): boolean => nativeIn(state) !== undefined

/** The provider's own event or message, as text; undefined: this is in the gateway's form alone. */
export function nativeText(data: string): string | undefined {
  return data.startsWith('{"native":') ? data.slice('{"native":'.length, -1) : undefined
}

export function nativeEvent(text: string, context: ReplyContext, state: ChunkState): string | undefined {
  const native = nativeIn(state) ?? { native: true, lastDelta: undefined }
  state.own = native
  const body = openBody(text)
  const type = wordOf(memberText(body, 'type'))
  if (type === 'message_start') {
    const message = memberText(body, 'message')
    const own = message === undefined ? '{}' : identified(message, context)
    return eventOf(type, splice(body, new Map([['message', own]])))
  }
  if (type === 'message_delta') native.lastDelta = text
  if (type === 'message_delta' || type === 'message_stop') return undefined
  return eventOf(type, text)
}

/** The last delta with our counts and money among the provider's own; undefined: it never came. */
export function nativeEnding(state: ChunkState, usage: string | undefined): string | undefined {
  const text = nativeIn(state)?.lastDelta
  return text === undefined ? undefined : eventOf('message_delta', withUsage(text, usage))
}

/** A whole message with our identity, counts and money. */
export const nativeMessage = (text: string, context: ReplyContext, usage: string | undefined): string =>
  withUsage(identified(text, context), usage)

function identified(message: string, { id, model }: ReplyContext): string {
  const edits = new Map([
    ['id', JSON.stringify(id)],
    ['model', JSON.stringify(model)],
  ])
  return splice(openBody(message), edits)
}

/** What the provider counts and we don't stays; what both say, we say. */
function withUsage(text: string, usage: string | undefined): string {
  if (usage === undefined) return text
  const body = openBody(text)
  const known = memberText(body, 'usage')
  const ours = openBody(usage)
  const edits = new Map(ours.members.map(({ key }) => [key, memberText(ours, key)]))
  const merged = known?.startsWith('{') ? splice(openBody(known), edits) : usage
  return splice(body, new Map([['usage', merged]]))
}

const eventOf = (type: string, data: string): string => `event: ${type}\n${eventText(data)}`

const wordOf = (text: string | undefined): string => /^"(\w{1,64})"$/.exec(text ?? '')?.[1] ?? 'unknown'
