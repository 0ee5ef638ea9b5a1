/** Writes an answer as server-sent events in OpenAI's form: about one token each, usage in a last one without choices. */
import type { Answer, Choice } from './answer.ts'
import type { Behaviour } from './behaviours.ts'
import { errorBody, type Reply, type Step } from './reply.ts'
import { usageBlocks } from './usage-blocks.ts'

type Streaming = {
  readonly answer: Answer
  readonly behaviour: Behaviour
  readonly number: number
  readonly includeUsage: boolean
  readonly continuousUsage: boolean
}

export const streamReply = (streaming: Streaming): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  body: streamSteps(streaming),
})

function* streamSteps(streaming: Streaming): Generator<Step> {
  const { behaviour, number, answer } = streaming
  const { breaks, pace } = behaviour
  const frame = behaviour.oddFraming ? oddFrame : plainFrame
  const write = chunkWriter(streaming)
  if (pace === 'first') yield { waitMs: number }
  let sent = 0
  for (const part of answer.form === 'text' ? texts(answer) : deltas(answer)) {
    if (breaks && !breaks.beforeUsage && sent === number) break
    yield frame(write(part))
    sent++
    if (pace === 'each') yield { waitMs: number }
  }
  if (breaks && !breaks.beforeUsage) return yield* breakOff(breaks.how, frame)
  for (const [index, { finish }] of answer.choices.entries())
    if (finish !== null)
      yield frame(write({ index, ...(answer.form === 'text' ? { text: '' } : { delta: {} }), finish }))
  if (breaks) return yield* breakOff(breaks.how, frame)
  for (const chunk of write.usageChunks()) yield frame(chunk)
  if (!behaviour.noDone) yield frame('[DONE]')
}

function* breakOff(how: 'cut' | 'stall' | 'error' | 'end', frame: (data: string) => string): Generator<Step> {
  if (how === 'error') yield frame(JSON.stringify(errorBody({ message: 'The model stopped', type: 'server_error' })))
  else if (how !== 'end') yield { last: how }
}

const plainFrame = (data: string): string => `data: ${data}\n\n`
const oddFrame = (data: string): string =>
  `: keep-alive\r\nid: 1\r\nevent: message\r\ndata:${data}\r\nretry: 3000\r\n\r\n`

type Part = { readonly index: number; readonly delta?: object; readonly text?: string; readonly finish?: string }

/** First the role of each choice, then the choices in turn, a piece at a time. */
const deltas = ({ choices }: Answer): Generator<Part> => inTurns(choices.map(deltasOfChoice))

/** One of each, again and again, until all have ended. */
export function* inTurns<T>(all: readonly Iterator<T, void>[]): Generator<T> {
  for (let open = [...all]; open.length > 0; ) {
    const still: typeof open = []
    for (const iterator of open) {
      const { value, done } = iterator.next()
      if (done) continue
      yield value
      still.push(iterator)
    }
    open = still
  }
}

function* texts({ choices }: Answer): Generator<Part> {
  for (const [index, { pieces }] of choices.entries()) for (const text of pieces) yield { index, text }
}

function* deltasOfChoice({ call, thoughts, pieces }: Choice, index: number): Generator<Part, void> {
  if (call) {
    const first = { index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }
    yield { index, delta: { role: 'assistant', content: null, tool_calls: [first] } }
  } else {
    yield { index, delta: { role: 'assistant', content: '', refusal: null } }
  }
  for (const thought of thoughts) yield { index, delta: { reasoning_content: thought } }
  for (const piece of pieces) {
    yield { index, delta: call ? { tool_calls: [{ index: 0, function: { arguments: piece } }] } : { content: piece } }
  }
}

/** Makes the JSON of a chunk. What all of them share is written once. */
function chunkWriter({ answer, behaviour, includeUsage, continuousUsage }: Streaming) {
  const { id, form, created, model, service_tier, system_fingerprint, counts } = answer
  const object = form === 'text' ? 'text_completion' : 'chat.completion.chunk'
  const shared = { id, object, created, model, service_tier, system_fingerprint }
  const head = `${JSON.stringify(shared).slice(0, -1)},"choices":[`
  const tellUsage = behaviour.usage ?? usageBlocks.plain
  const told = includeUsage && counts !== undefined && behaviour.usageSent !== 'never' ? counts : undefined
  let pieces = 0
  const usageMember = (): string => {
    if (!told) return includeUsage && behaviour.usageSent !== 'never' ? ',"usage":null' : ''
    if (behaviour.usageSent !== 'every-chunk' && !continuousUsage) return ',"usage":null'
    const completion = Math.min(pieces++, told.completion)
    return `,"usage":${tellUsage({ ...told, completion, reasoning: Math.min(told.reasoning, completion) })}`
  }
  const write = ({ index, delta, text, finish }: Part): string =>
    `${head}${JSON.stringify({ index, delta, text, logprobs: null, finish_reason: finish ?? null })}]${usageMember()}}`
  const usageChunks = (): string[] => {
    if (!told) return []
    const early =
      behaviour.usageSent === 'twice' ? [usageBlocks.plain({ ...told, completion: told.completion >> 1 })] : []
    return [...early, tellUsage(told)].map((usage) => `${head}],"usage":${usage}}`)
  }
  return Object.assign(write, { usageChunks })
}
