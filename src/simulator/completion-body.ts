/** Writes an answer as one JSON body, with `usage` spliced in as the row tells it. */
import type { Answer, Choice } from './answer.ts'
import type { Behaviour } from './behaviours.ts'
import { errorReply, type Reply, type Step } from './reply.ts'
import { usageBlocks } from './usage-blocks.ts'

export function completionReply(answer: Answer, behaviour: Behaviour, number: number): Reply {
  if (behaviour.breaks?.how === 'error') return errorReply(500, { message: 'The model stopped', type: 'server_error' })
  const headers = { 'content-type': 'application/json' }
  if (answer.counts === undefined) return { status: 200, headers, body: withoutEnd(answer) }
  const { id, form, created, model, service_tier, system_fingerprint } = answer
  const choices: object[] = answer.choices.map((choice, index) =>
    (form === 'text' ? textChoice : wholeChoice)(choice, index),
  )
  const object = form === 'text' ? 'text_completion' : 'chat.completion'
  const head = JSON.stringify({ id, object, created, model, choices }).slice(0, -1)
  const tail = JSON.stringify({ service_tier, system_fingerprint }).slice(1)
  const text = `${head}${usageMembers(answer, behaviour)},${tail}`
  const waitMs = behaviour.pace === 'each' ? number * pieceCount(answer) : number
  return {
    status: 200,
    headers:
      behaviour.breaks?.how === 'end' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(text)) },
    body: [...(behaviour.pace ? [{ waitMs }] : []), ...bodySteps(text, head, behaviour)],
  }
}

function wholeChoice({ call, thoughts, pieces, finish }: Choice, index: number) {
  const text = [...pieces].join('')
  const message = {
    role: 'assistant',
    content: call ? null : text,
    refusal: null,
    annotations: [],
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join('') }),
    ...(call && { tool_calls: [{ id: call.id, type: 'function', function: { name: call.name, arguments: text } }] }),
  }
  return { index, message, logprobs: null, finish_reason: finish }
}

const textChoice = ({ pieces, finish }: Choice, index: number) => ({
  index,
  text: [...pieces].join(''),
  logprobs: null,
  finish_reason: finish,
})

/** Told twice, `usage` is two members of the same name: a reader that takes the last one is right. */
function usageMembers({ counts }: Answer, behaviour: Behaviour): string {
  if (counts === undefined || behaviour.usageSent === 'never') return ''
  const told = `,"usage":${(behaviour.usage ?? usageBlocks.plain)(counts)}`
  if (behaviour.usageSent !== 'twice') return told
  return `,"usage":${usageBlocks.plain({ ...counts, completion: counts.completion >> 1 })}${told}`
}

/** A broken answer stops in the middle of its text, or where its usage would begin. */
export function bodySteps(text: string, head: string, { breaks }: Behaviour): Step[] {
  if (!breaks) return [text]
  const sent = text.slice(0, breaks.beforeUsage ? head.length : head.length >> 1)
  if (breaks.how === 'end') return [sent]
  return [sent, { last: breaks.how === 'stall' ? 'stall' : 'cut' }]
}

export const pieceCount = ({ choices }: Answer): number =>
  choices.reduce((sum, { pieces }) => sum + Iterator.from(pieces).reduce((count) => count + 1, 0), 0)

function* withoutEnd({ id, choices }: Answer): Generator<Step> {
  yield `{"id":"${id}","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"`
  for (const piece of choices[0]?.pieces ?? []) yield piece
}
