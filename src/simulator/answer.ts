/** Decides what a model says to a request, cut to the request's limits and counted. How it is written comes later. */
import type { Behaviour, Envelope } from './behaviours.ts'
import type { ChatRequest, JsonObject, Tool } from './chat-request.ts'
import { sample } from './sample.ts'
import { type Draw, drawFrom, piecesOf, sentences, someSentences } from './sentences.ts'
import type { Counts } from './usage-blocks.ts'

/** Exact tokens of a text, and of a whole chat request with its overhead. */
export type Counters = {
  readonly countTokens: (text: string) => number | Promise<number>
  readonly countPrompt: (body: JsonObject) => number | Promise<number>
}

export type Answer = Envelope & {
  readonly id: string
  readonly form: ChatRequest['form']
  readonly created: number
  readonly choices: readonly Choice[]
  /** None for an answer without end. */
  readonly counts: Counts | undefined
}

export type Choice = {
  /** The call's arguments are the pieces, where there is a call. */
  readonly call: { readonly id: string; readonly name: string } | undefined
  readonly thoughts: readonly string[]
  readonly pieces: Iterable<string>
  readonly finish: string | null
}

type Making = Counters & {
  readonly request: ChatRequest
  readonly behaviour: Behaviour
  readonly number: number
  readonly id: string
  readonly created: number
}

export async function composeAnswer(making: Making): Promise<Answer> {
  const { request, behaviour, id, created } = making
  const composing = Array.from({ length: request.n }, (_, index) => composeChoice(making, index))
  const [prompt, counted] = await Promise.all([making.countPrompt(request.body), Promise.all(composing)])
  const total = (part: 'completion' | 'reasoning') => counted.reduce((sum, { [part]: count }) => sum + count, 0)
  return {
    id,
    form: request.form,
    created,
    model: request.model,
    service_tier: request.serviceTier,
    system_fingerprint: 'fp_simulator',
    ...behaviour.envelope,
    choices: counted.map(({ choice }) => choice),
    counts:
      behaviour.says === 'endless'
        ? undefined
        : { prompt, completion: total('completion'), reasoning: total('reasoning') },
  }
}

type CountedChoice = { readonly choice: Choice; readonly completion: number; readonly reasoning: number }

async function composeChoice(making: Making, index: number): Promise<CountedChoice> {
  const { request, behaviour } = making
  const draw = drawFrom(request.seed + index)
  if (behaviour.says === 'endless') {
    return {
      choice: { call: undefined, thoughts: [], pieces: sentences(draw), finish: null },
      completion: 0,
      reasoning: 0,
    }
  }
  const limit = behaviour.ignoresLimit ? undefined : request.limit
  const thoughts = behaviour.reasons ? await cutToLimit(making, someSentences(draw, 2 + draw(3)), limit) : NOTHING
  const rest = limit === undefined ? undefined : limit - thoughts.tokens
  const call = rest === undefined || rest > 0 ? toolOf(making) : undefined
  const whole = call ? argumentsOf(call, draw) : cutAtStop(piecesSaid(making, draw), request.stop)
  const said = await cutToLimit(making, whole, rest, call?.name)
  const natural = thoughts.cut || said.cut ? 'length' : call ? 'tool_calls' : 'stop'
  return {
    choice: {
      call: call && { id: `call_${making.id.slice(-16)}${index}`, name: call.name },
      thoughts: behaviour.reasons === 'visible' ? thoughts.pieces : [],
      pieces: said.pieces,
      finish: behaviour.finish === undefined ? natural : behaviour.finish,
    },
    completion: thoughts.tokens + said.tokens,
    reasoning: thoughts.tokens,
  }
}

/** A model that calls tools calls one, then answers its result; any model calls a tool that the request insists on. */
function toolOf({ request, behaviour }: Making): Tool | undefined {
  if (request.forcedTool) return request.forcedTool
  if (behaviour.says !== 'tool-call' || request.lastMessage.role === 'tool') return undefined
  return request.tools[0] ?? OWN_TOOL
}

const OWN_TOOL: Tool = {
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string', enum: ['Oslo', 'Lima', 'Accra'] } } },
}

const argumentsOf = (tool: Tool, draw: Draw): string[] =>
  piecesOf(JSON.stringify(sample(tool.parameters ?? { type: 'object' }, draw)))

function piecesSaid({ request, behaviour, number }: Making, draw: Draw): string[] {
  const { says } = behaviour
  if (request.json && (says === undefined || says === 'sentences')) return piecesOf(jsonText(request.json.schema, draw))
  if (typeof says === 'object') return piecesOf(says.text)
  switch (says) {
    case 'nothing':
      return []
    case 'echo':
      return piecesOf(request.lastMessage.text)
    case 'block':
      return [blockOf(number, draw)]
    case 'many':
      return sentences(draw).take(number).toArray()
    default:
      return someSentences(draw, 1 + draw(4))
  }
}

/** Sentences over and over: counting one long run without boundaries is more than some counters can do. */
function blockOf(length: number, draw: Draw): string {
  const text = someSentences(draw, 20).join('')
  return text.repeat(Math.ceil(length / text.length)).slice(0, length)
}

const jsonText = (schema: unknown, draw: Draw): string =>
  JSON.stringify(schema === undefined ? { answer: someSentences(draw, 1).join('') } : sample(schema, draw))

function cutAtStop(pieces: string[], stops: readonly string[]): string[] {
  if (stops.length === 0) return pieces
  const text = pieces.join('')
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return found.length === 0 ? pieces : piecesOf(text.slice(0, Math.min(...found)))
}

type Cut = { readonly pieces: readonly string[]; readonly tokens: number; readonly cut: boolean }
const NOTHING: Cut = { pieces: [], tokens: 0, cut: false }

/** A beginning within the limit that as a rule fills it. `before` is text that counts too, the name of a called tool. */
async function cutToLimit(
  { countTokens }: Counters,
  pieces: readonly string[],
  limit = Number.POSITIVE_INFINITY,
  before = '',
): Promise<Cut> {
  const tokensOf = (count: number) => countTokens(before + pieces.slice(0, count).join(''))
  if (limit <= 0) return { ...NOTHING, cut: true }
  if (pieces.length === 0 && before === '') return NOTHING
  const all = await tokensOf(pieces.length)
  if (all <= limit) return { pieces, tokens: all, cut: false }
  let fits = 0
  let tokens = before === '' ? 0 : await tokensOf(0)
  let tooMany = pieces.length
  // Most pieces are one token each, so that the first guess is nearly always the answer.
  for (let guess = Math.min(limit, tooMany - 1); fits < tooMany - 1 && tokens < limit; guess = (fits + tooMany) >> 1) {
    const counted = await tokensOf(guess)
    if (counted > limit) tooMany = guess
    else [fits, tokens] = [guess, counted]
  }
  return { pieces: pieces.slice(0, fits), tokens, cut: true }
}
