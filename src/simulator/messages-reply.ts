/** Writes an answer in Anthropic's form: a message whole, or its events one by one. */
import type { Answer } from './answer.ts'
import type { Behaviour } from './behaviours.ts'
import { bodySteps, pieceCount } from './completion-body.ts'
import { type Block, blocksOf, stopReason, wholeBlock } from './messages-blocks.ts'
import { type MessageUsage, messageUsage } from './messages-usage.ts'
import { jsonReply, type Reply, type Step } from './reply.ts'

export type Replying = {
  readonly answer: Answer
  readonly behaviour: Behaviour
  readonly number: number
  readonly searches: boolean
}

export function messageReply(replying: Replying): Reply {
  const { answer, behaviour, number, searches } = replying
  if (behaviour.breaks?.how === 'error') return messageError(500, 'api_error', 'The model stopped')
  const headers = { 'content-type': 'application/json' }
  if (answer.counts === undefined) return { status: 200, headers, body: withoutEnd(answer) }
  const content = [...blocksOf(answer, behaviour, searches)].map(wholeBlock)
  const head = JSON.stringify({ ...message(answer), content, stop_reason: stopReason(answer) }).slice(0, -1)
  const usage = usageOf(replying)
  const text = `${head}${usage ? `,"usage":${usage.whole}` : ''}}`
  const waitMs = behaviour.pace === 'each' ? number * pieceCount(answer) : number
  return {
    status: 200,
    headers:
      behaviour.breaks?.how === 'end' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(text)) },
    body: [...(behaviour.pace ? [{ waitMs }] : []), ...bodySteps(text, head, behaviour)],
  }
}

export const messageError = (
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply => jsonReply(status, errorBody(type, message), headers)

const errorBody = (type: string, message: string) => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_sim',
})

const message = ({ id, model }: Answer) => ({
  id: id.replace('chatcmpl-', 'msg_'),
  type: 'message',
  role: 'assistant',
  model,
  content: [] as unknown[],
  stop_reason: null as string | null,
  stop_sequence: null,
})

function usageOf({ answer: { counts }, behaviour, searches }: Replying): MessageUsage | undefined {
  if (!counts || behaviour.usageSent === 'never') return undefined
  return messageUsage(counts, behaviour.usage, searches ? 1 : 0)
}

function* withoutEnd(answer: Answer): Generator<Step> {
  yield `{"id":"${answer.id}","type":"message","role":"assistant","content":[{"type":"text","text":"`
  for (const piece of answer.choices[0]?.pieces ?? []) yield piece
}

export const messageStream = (replying: Replying): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  body: streamSteps(replying),
})

type Frame = (event: Readonly<Record<string, unknown>>, usage?: string) => string

const plainFrame: Frame = (event, usage) => `event: ${event.type}\ndata: ${dataOf(event, usage)}\n\n`
const oddFrame: Frame = (event, usage) =>
  `: keep-alive\r\nid: 1\r\nevent:${event.type}\r\ndata:${dataOf(event, usage)}\r\nretry: 3000\r\n\r\n`

/** Usage is text, since some of the wrong ones are more than can be written as an object. */
const dataOf = (event: Readonly<Record<string, unknown>>, usage: string | undefined): string =>
  usage === undefined ? JSON.stringify(event) : `${JSON.stringify(event).slice(0, -1)},"usage":${usage}}`

function* streamSteps(replying: Replying): Generator<Step> {
  const { answer, behaviour, number, searches } = replying
  const { breaks, pace } = behaviour
  const frame = behaviour.oddFraming ? oddFrame : plainFrame
  const usage = usageOf(replying)
  if (pace === 'first') yield { waitMs: number }
  yield startFrame(frame, answer, usage)
  let left = breaks && !breaks.beforeUsage ? number : Number.POSITIVE_INFINITY
  let index = 0
  for (const block of blocksOf(answer, behaviour, searches)) {
    for (const step of blockSteps(block, index++, frame)) {
      if (left-- <= 0) return yield* breakOff(replying, frame)
      yield step
      if (pace === 'each') yield { waitMs: number }
      if (behaviour.usageSent === 'every-chunk' && usage) yield deltaFrame(frame, null, usage.atStart)
    }
  }
  if (breaks && !breaks.beforeUsage) return yield* breakOff(replying, frame)
  // The wire tells both at once, so that what breaks before the usage has told the reason alone.
  const stop = stopReason(answer)
  if (breaks) {
    yield deltaFrame(frame, stop, undefined)
    return yield* breakOff(replying, frame)
  }
  if (behaviour.usageSent === 'twice' && usage) yield deltaFrame(frame, null, usage.atStart)
  yield deltaFrame(frame, stop, usage?.whole)
  if (!behaviour.noDone) yield frame({ type: 'message_stop' })
}

const startFrame = (frame: Frame, answer: Answer, usage: MessageUsage | undefined): string => {
  const started = JSON.stringify(message(answer)).slice(0, -1)
  const text = `${started}${usage ? `,"usage":${usage.atStart}` : ''}}`
  // The message is text with its usage in it; a mark stands for it until the frame is written.
  return frame({ type: 'message_start', message: 0 }).replace('"message":0', () => `"message":${text}`)
}

const deltaFrame = (frame: Frame, stop: string | null, usage: string | undefined): string =>
  frame({ type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null } }, usage)

function* blockSteps({ opens, deltas }: Block, index: number, frame: Frame): Generator<string> {
  yield frame({ type: 'content_block_start', index, content_block: opens })
  for (const delta of deltas) yield frame({ type: 'content_block_delta', index, delta })
  yield frame({ type: 'content_block_stop', index })
}

function* breakOff({ behaviour: { breaks } }: Replying, frame: Frame): Generator<Step> {
  if (breaks?.how === 'error') yield frame(errorBody('overloaded_error', 'Overloaded'))
  else if (breaks && breaks.how !== 'end') yield { last: breaks.how }
}
