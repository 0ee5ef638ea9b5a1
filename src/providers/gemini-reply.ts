/**
 * Gemini's replies in the gateway's form. Events of a stream are whole replies with some more parts each; the reason why
 * a candidate ended is held back to the end of the stream, since older models give one with every event.
 */
import { type Choice, type ChoiceOptions, createChoice } from './gemini-choice.ts'
import { geminiError } from './gemini-error.ts'
import { billedSearches } from './gemini-grounding.ts'
import { createGeminiUsage } from './gemini-usage.ts'
import type { Headers } from './http-exchange.ts'
import { type Fields, fieldsOf, isFields, listOf, numberOf, parse, parseExact, someText } from './json-fields.ts'
import { UpstreamFailure } from './provider.ts'
import type { Wire, WireOut } from './wire.ts'

export type ReplyOptions = {
  readonly newCallId: () => string
  /** Whether the answer may cite: a stream's text is kept for that. */
  readonly searches: boolean
  /** Searches are billed by query, not by answer. */
  readonly billsEachQuery: boolean
}

export function geminiReplies(options: ReplyOptions): Wire {
  const keeps = options.searches ? 'text' : 'nothing'
  return {
    whole(status, headers, text) {
      const replies = readReplies(status, headers, text)
      if (replies instanceof UpstreamFailure) return replies
      const reading = createReading(options, 'all', headers)
      for (const reply of replies) reading.take(reply)
      const parsed = reading.completion()
      return parsed
        ? { body: JSON.stringify(parsed), parsed }
        : new UpstreamFailure('invalid', 'the reply has no candidates', { status })
    },
    chunks(status, headers, text) {
      const replies = readReplies(status, headers, text)
      if (replies instanceof UpstreamFailure) return replies
      const reading = createReading(options, keeps, headers)
      const chunks = replies.flatMap((reply) => reading.take(reply))
      return [...chunks, ...reading.end().chunks]
    },
    stream: (_status, headers, out) => readStream(createReading(options, keeps, headers), out),
  }
}

/** The provider has no last word of its own: an answer is complete where every candidate has said why it ended. */
function readStream(reading: Reading, out: WireOut): ReturnType<Wire['stream']> {
  const say = (chunks: readonly Fields[]) => {
    for (const chunk of chunks) {
      out.begin(chunk)
      out.chunk(JSON.stringify(chunk))
    }
  }
  return {
    event({ data }) {
      if (data === '[DONE]') return
      const replies = readReplies(200, {}, data)
      if (replies instanceof UpstreamFailure) out.end(replies)
      else say(replies.flatMap((reply) => reading.take(reply)))
    },
    rest() {
      const { chunks, complete } = reading.end()
      say(chunks)
      return complete
    },
  }
}

type Reply = { readonly body: Fields; readonly usageMetadata: unknown }

/** Several, since without `alt=sse` a stream is a list, and some proxies lose that parameter. */
function readReplies(status: number, headers: Headers, text: string): readonly Reply[] | UpstreamFailure {
  const plain = parse(text)
  const failure = geminiError(status, headers, plain)
  if (failure) return failure
  // The arguments of calls keep their digits, counts are read as the numbers that they are.
  const exact = parseExact(text)
  const bodies: readonly unknown[] = Array.isArray(exact) ? exact : [exact]
  if (!bodies.every(isFields)) return new UpstreamFailure('invalid', 'the reply is not a JSON object', { status })
  const counted = Array.isArray(plain) ? plain : [plain]
  return bodies.map((body, place) => ({ body, usageMetadata: fieldsOf(counted[place]).usageMetadata }))
}

type Reading = {
  /** The chunks of one more reply. */
  take(reply: Reply): readonly Fields[]
  /** The last chunks, and whether every candidate has ended. */
  end(): { readonly chunks: readonly Fields[]; readonly complete: boolean }
  /** All that was taken as one; undefined: no candidate came. */
  completion(): Fields | undefined
}

function createReading(options: ReplyOptions, keeps: ChoiceOptions['keeps'], headers: Headers): Reading {
  const choices = createChoices({ newCallId: options.newCallId, keeps })
  const usage = createGeminiUsage(headers)
  let identity: Fields = {}
  const envelope = (object: string, list: readonly Fields[], hasOutput: boolean): Fields => {
    const tier = usage.serviceTier()
    const block = usage.block(hasOutput)
    return {
      ...identity,
      object,
      choices: list,
      ...(tier === undefined ? {} : { service_tier: tier }),
      ...(block === undefined ? {} : { usage: block }),
    }
  }
  const hasOutput = () => choices.all().some(({ silent }) => !silent)
  return {
    take({ body, usageMetadata }) {
      identity = { ...identity, ...identityOf(body) }
      const said = choices.take(body)
      const searches = choices.all().map(({ grounding }) => billedSearches(grounding, options.billsEachQuery))
      usage.note(
        usageMetadata,
        searches.reduce((sum, count) => sum + count, 0),
      )
      return said.length > 0 ? [envelope('chat.completion.chunk', said, true)] : []
    },
    end() {
      const all = choices.all()
      const complete = all.length > 0 && all.every(({ finished }) => finished)
      const last = all.flatMap((choice) => choice.ending())
      // Counts that came with nothing said are told all the same: what is cut may have thought unseen.
      const lists = last.length > 0 ? last.map((choice) => [choice]) : usage.isNews && hasOutput() ? [[]] : []
      // What a cut answer would have said nobody knows.
      const output = !complete || hasOutput()
      return { chunks: lists.map((list) => envelope('chat.completion.chunk', list, output)), complete }
    },
    completion() {
      const all = choices.all()
      if (all.length === 0) return undefined
      return envelope(
        'chat.completion',
        all.map((choice) => choice.whole()),
        hasOutput(),
      )
    },
  }
}

/** More candidates than anybody can ask for are not read. */
const MOST_CANDIDATES = 128

function createChoices(options: ChoiceOptions) {
  const choices = new Map<number, Choice>()
  const choiceAt = (index: number): Choice => {
    const choice = choices.get(index) ?? createChoice(index, options)
    choices.set(index, choice)
    return choice
  }
  return {
    all: (): readonly Choice[] => [...choices.values()].sort((a, b) => a.index - b.index),
    take(body: Fields): readonly Fields[] {
      const candidates = listOf(body.candidates).slice(0, MOST_CANDIDATES)
      const { blockReason, blockReasonMessage } = fieldsOf(body.promptFeedback)
      const blocked = someText(blockReason)
      if (candidates.length === 0 && blocked !== undefined) choiceAt(0).block(blocked, someText(blockReasonMessage))
      return candidates.flatMap((candidate, place) => {
        const delta = choiceAt(indexOf(candidate, place)).read(candidate)
        return delta ? [delta] : []
      })
    },
  }
}

function indexOf({ index }: Fields, place: number): number {
  const stated = numberOf(index)
  return stated !== undefined && Number.isInteger(stated) && stated >= 0 && stated < MOST_CANDIDATES ? stated : place
}

const identityOf = ({ responseId, modelVersion }: Fields): Fields => ({
  ...(typeof responseId === 'string' ? { id: responseId } : {}),
  ...(typeof modelVersion === 'string' ? { model: modelVersion } : {}),
})
