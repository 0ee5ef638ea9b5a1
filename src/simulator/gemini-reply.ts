/** Writes an answer in Gemini's form: whole, or as server-sent events of one token each, with the counts so far in each. */
import type { Answer, Choice } from './answer.ts'
import type { Behaviour } from './behaviours.ts'
import { bodySteps, pieceCount } from './completion-body.ts'
import { inTurns } from './completion-stream.ts'
import { geminiError, geminiErrorBody } from './gemini-error.ts'
import { geminiUsage } from './gemini-usage.ts'
import type { Reply, Step } from './reply.ts'
import { type Counts, usageBlocks } from './usage-blocks.ts'

export type GeminiAnswer = {
  readonly answer: Answer
  readonly behaviour: Behaviour
  readonly number: number
  readonly includeThoughts: boolean
}

export function geminiWhole(making: GeminiAnswer): Reply {
  const { answer, behaviour, number } = making
  if (behaviour.breaks?.how === 'error') return geminiError(500, 'The model stopped')
  const headers = headersOf(answer, 'application/json; charset=UTF-8')
  if (answer.counts === undefined) return { status: 200, headers, body: withoutEnd(answer) }
  const candidates = answer.choices.map((choice, index) => {
    const parts = [...partsOf(choice, making)]
    return candidate(index, joined(parts), choice.finish)
  })
  const head = JSON.stringify({ candidates }).slice(0, -1)
  const usage = behaviour.usageSent === 'never' ? '' : `,"usageMetadata":${told(making, answer.counts)}`
  const text = `${head}${usage},${identity(answer)}}`
  const waitMs = behaviour.pace === 'each' ? number * pieceCount(answer) : number
  return {
    status: 200,
    headers:
      behaviour.breaks?.how === 'end' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(text)) },
    body: [...(behaviour.pace ? [{ waitMs }] : []), ...bodySteps(text, head, behaviour)],
  }
}

export const geminiStream = (making: GeminiAnswer): Reply => ({
  status: 200,
  headers: headersOf(making.answer, 'text/event-stream'),
  body: streamSteps(making),
})

/** One event of a script that says so much. */
export const geminiTextEvent = (text: string): string =>
  frame(
    `{"candidates":[${JSON.stringify(candidate(0, [{ text }], null))}],"modelVersion":"script","responseId":"script"}`,
  )

const headersOf = ({ service_tier }: Answer, type: string): Record<string, string> => ({
  'content-type': type,
  ...(service_tier === null ? {} : { 'x-gemini-service-tier': service_tier === 'default' ? 'standard' : service_tier }),
})

function* streamSteps(making: GeminiAnswer): Generator<Step> {
  const { answer, behaviour, number } = making
  const { breaks, pace } = behaviour
  const write = eventWriter(making)
  const framed = behaviour.oddFraming ? oddFrame : frame
  if (pace === 'first') yield { waitMs: number }
  let sent = 0
  for (const { index, part } of inTurns(answer.choices.map((choice, at) => numbered(choice, at, making)))) {
    if (breaks && !breaks.beforeUsage && sent === number) break
    yield framed(write.part(index, part))
    sent++
    if (pace === 'each') yield { waitMs: number }
  }
  if (breaks && !breaks.beforeUsage) {
    if (breaks.how === 'error') yield framed(JSON.stringify(geminiErrorBody(500, 'The model stopped')))
    else if (breaks.how !== 'end') yield { last: breaks.how }
    return
  }
  for (const event of write.endings(breaks === undefined)) yield framed(event)
  if (breaks && breaks.how !== 'end' && breaks.how !== 'error') yield { last: breaks.how }
}

const frame = (data: string): string => `data: ${data}\r\n\r\n`
const oddFrame = (data: string): string => `: keep-alive\nid: 1\nevent: message\ndata:${data}\nretry: 3000\n\n`

type Part = Readonly<Record<string, unknown>>

function* numbered(
  choice: Choice,
  index: number,
  making: GeminiAnswer,
): Generator<{ index: number; part: Part }, void> {
  for (const part of partsOf(choice, making)) yield { index, part }
}

/** Thoughts are told to those who ask. A call comes in one piece, with the signature of the thought before it. */
function* partsOf({ call, thoughts, pieces }: Choice, { includeThoughts }: GeminiAnswer): Generator<Part> {
  if (includeThoughts) for (const text of thoughts) yield { text, thought: true }
  if (!call) {
    for (const text of pieces) yield { text }
    return
  }
  const args = argumentsOf([...pieces].join(''))
  const signature = Buffer.from(`thought of ${call.id}`).toString('base64')
  if (args !== undefined) yield { functionCall: { name: call.name, args }, thoughtSignature: signature }
}

/** Undefined: they were cut by the limit, and a call that is not whole is none. */
function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Neighbours of one kind are one part in a whole reply. */
function joined(parts: readonly Part[]): Part[] {
  const together: Part[] = []
  for (const part of parts) {
    const last = together.at(-1)
    const alike =
      last && typeof last.text === 'string' && typeof part.text === 'string' && last.thought === part.thought
    if (alike) together[together.length - 1] = { ...last, text: `${last.text}${part.text}` }
    else together.push(part)
  }
  return together
}

const candidate = (index: number, parts: readonly Part[], finish: string | null) => ({
  content: { parts, role: 'model' },
  ...(finish === null ? {} : { finishReason: FINISHES.get(finish) ?? 'OTHER' }),
  index,
})

const FINISHES: ReadonlyMap<string, string> = new Map([
  ['stop', 'STOP'],
  ['tool_calls', 'STOP'],
  ['length', 'MAX_TOKENS'],
  ['content_filter', 'SAFETY'],
])

const identity = ({ id, model }: Answer): string => JSON.stringify({ modelVersion: model, responseId: id }).slice(1, -1)

const told = ({ behaviour }: GeminiAnswer, counts: Counts): string =>
  geminiUsage((behaviour.usage ?? usageBlocks.plain)(counts))

/** The counts are those so far; the rows that tell them late or wrongly do so here as well. */
function eventWriter(making: GeminiAnswer) {
  const { answer, behaviour } = making
  const { counts } = answer
  let pieces = 0
  const event = (list: readonly object[], usage: string | undefined): string =>
    `{"candidates":${JSON.stringify(list)},${usage === undefined ? '' : `"usageMetadata":${usage},`}${identity(answer)}}`
  const soFar = (): string | undefined => {
    if (!counts || behaviour.usageSent === 'never' || behaviour.usageSent === 'twice') return undefined
    const completion = Math.min(++pieces, counts.completion)
    return told(making, { ...counts, completion, reasoning: Math.min(counts.reasoning, completion) })
  }
  return {
    part: (index: number, part: Part) => event([candidate(index, [part], null)], soFar()),
    endings(withUsage: boolean): string[] {
      const list = answer.choices.flatMap(({ finish }, index) =>
        finish === null ? [] : [candidate(index, [], finish)],
      )
      if (!counts || !withUsage || behaviour.usageSent === 'never')
        return list.length > 0 ? [event(list, undefined)] : []
      const half = { ...counts, completion: counts.completion >> 1 }
      const early = behaviour.usageSent === 'twice' ? [event([], geminiUsage(usageBlocks.plain(half)))] : []
      return [...early, event(list, told(making, counts))]
    },
  }
}

function* withoutEnd({ choices }: Answer): Generator<Step> {
  yield '{"candidates":[{"content":{"role":"model","parts":[{"text":"'
  for (const piece of choices[0]?.pieces ?? []) yield piece
}
