/**
 * What the simulated models do, one row a model under the author `simulator`. A name may end in a number
 * (`slow-250`, `huge-output-5000`) that takes the place of the row's own. A new fault is one more row.
 */
import { errorReply, type Reply, rawReply } from './reply.ts'
import { type UsageWriter, usageBlocks } from './usage-blocks.ts'

export type Behaviour = {
  /** One sentence for the list of models. */
  readonly does: string
  /** What is said; `sentences` where nothing else is. */
  readonly says?:
    | 'sentences'
    | 'echo'
    | 'nothing'
    | 'tool-call'
    | 'many'
    | 'block'
    | 'endless'
    | { readonly text: string }
  readonly reasons?: 'hidden' | 'visible'
  /** The meaning is the row's: milliseconds, chunks, tokens, bytes or seconds, as its sentence says. */
  readonly number?: number
  readonly ignoresLimit?: true
  /** A finish reason that is told whatever happened; null for none. */
  readonly finish?: string | null
  /** Waits `number` ms before the first chunk, or after each. */
  readonly pace?: 'first' | 'each'
  /** The answer stops after `number` chunks, or after the last chunk of text and its finish reason. */
  readonly breaks?: { readonly how: 'cut' | 'stall' | 'error' | 'end'; readonly beforeUsage?: true }
  readonly usage?: UsageWriter
  readonly usageSent?: 'never' | 'twice' | 'every-chunk'
  readonly noDone?: true
  readonly oddFraming?: true
  readonly envelope?: Partial<Envelope>
  /** Answered in place of a completion. */
  readonly instead?: (number: number) => Reply
}

/** What every chunk of an answer repeats, where a row says it differently. */
export type Envelope = {
  readonly model: string
  readonly service_tier: string | null
  readonly system_fingerprint: string | null
}

export const behaviours = {
  sentences: { does: 'Answers a few sentences, the same ones for the same messages; so does every unknown name.' },
  echo: { does: 'Repeats the last message.', says: 'echo' },
  exact: {
    does: 'Gives one fixed answer of 175 prompt tokens, 161 of them cached, and 80 completion tokens.',
    says: { text: '**Paris** is the capital of France.' },
    usage: usageBlocks.exact,
    envelope: { model: 'grok-4-1-fast-non-reasoning', service_tier: null, system_fingerprint: 'fp_80e0751284' },
  },
  'tool-call': { does: 'Calls the first tool, or one of its own where none is offered.', says: 'tool-call' },
  'cache-hit': { does: 'Reads three quarters of the prompt from the cache.', usage: usageBlocks.cacheHit },
  'cache-write': { does: 'Writes three quarters of the prompt to the cache.', usage: usageBlocks.cacheWrite },
  'cache-write-hour': {
    does: 'Writes three quarters of the prompt to the cache, for an hour where the wire can tell.',
    usage: usageBlocks.cacheWriteHour,
  },
  audio: { does: 'Counts half of the prompt and half of the answer as audio.', usage: usageBlocks.audio },
  reasoning: { does: 'Thinks unseen; those tokens are inside the completion tokens.', reasons: 'hidden' },
  'reasoning-visible': {
    does: 'Thinks aloud in `reasoning_content`, inside the completion tokens.',
    reasons: 'visible',
  },
  'reasoning-outside': {
    does: 'Thinks unseen; those tokens are outside the completion tokens and inside the total.',
    reasons: 'hidden',
    usage: usageBlocks.reasoningOutside,
  },

  'slow-first-token': { does: 'Waits before it answers (number: ms).', number: 1000, pace: 'first' },
  slow: { does: 'Waits after each chunk (number: ms).', number: 100, pace: 'each' },
  hang: {
    does: 'Never answers.',
    instead: () => ({ ...rawReply(200, 'application/json', ''), body: [{ last: 'stall' }] }),
  },
  stall: { does: 'Falls silent in mid-answer (number: chunks).', number: 3, breaks: { how: 'stall' } },
  'huge-output': {
    does: 'Says too much, whatever the limit (number: tokens).',
    number: 20_000,
    says: 'many',
    ignoresLimit: true,
  },
  endless: { does: 'Talks until the client leaves.', says: 'endless', ignoresLimit: true },
  'big-event': {
    does: 'Sends its whole answer as one event (number: bytes).',
    number: 2 ** 21,
    says: 'block',
    ignoresLimit: true,
  },
  empty: { does: 'Says nothing and stops.', says: 'nothing' },
  'empty-no-finish': { does: 'Says nothing and gives no finish reason.', says: 'nothing', finish: null },
  'no-finish': { does: 'Answers without a finish reason.', finish: null },
  'finish-error': { does: 'Answers, then gives `error` as its finish reason.', finish: 'error' },
  'odd-framing': { does: 'Frames its events with CRLF, comments and fields that nobody asked for.', oddFraming: true },

  'cut-stream': { does: 'Drops the connection in mid-answer (number: chunks).', number: 3, breaks: { how: 'cut' } },
  'cut-before-usage': {
    does: 'Drops the connection after the finish reason.',
    breaks: { how: 'cut', beforeUsage: true },
  },
  'early-end': { does: 'Ends in good form in mid-answer (number: chunks).', number: 3, breaks: { how: 'end' } },
  'error-in-stream': {
    does: 'Sends an error event in mid-answer (number: chunks).',
    number: 3,
    breaks: { how: 'error' },
  },
  'no-done': { does: 'Ends its stream without [DONE].', noDone: true },

  'no-usage': { does: 'Tells no usage.', usageSent: 'never' },
  'usage-twice': { does: 'Tells usage twice, the second time rightly.', usageSent: 'twice' },
  'usage-every-chunk': { does: 'Tells what was used so far with every chunk.', usageSent: 'every-chunk' },
  'zero-usage': { does: 'Says that nothing was used.', usage: usageBlocks.zero },
  'negative-usage': { does: 'Tells counts below zero.', usage: usageBlocks.negative },
  'nan-usage': { does: 'Tells counts that are no numbers, in JSON that parses.', usage: usageBlocks.notNumbers },
  'string-usage': { does: 'Tells counts as text.', usage: usageBlocks.strings },
  'fraction-usage': { does: 'Tells counts with fractions.', usage: usageBlocks.fractions },
  'huge-usage': { does: 'Tells counts of a thousand trillion.', usage: usageBlocks.huge },
  'inconsistent-usage': {
    does: 'Tells parts larger than their whole and a total that is no sum.',
    usage: usageBlocks.inconsistent,
  },

  'rate-limited': {
    does: 'Refuses with 429 and `Retry-After` (number: seconds).',
    number: 2,
    instead: (seconds) => tooMany({ 'retry-after': String(seconds) }),
  },
  'rate-limited-bare': { does: 'Refuses with 429 and no hint when to come back.', instead: () => tooMany({}) },
  'server-error': {
    does: 'Fails with 500.',
    instead: () =>
      errorReply(500, { message: 'The server had an error while processing your request', type: 'server_error' }),
  },
  overloaded: {
    does: 'Refuses with 503.',
    instead: () =>
      errorReply(503, { message: 'The engine is currently overloaded', type: 'server_error', code: 'overloaded' }),
  },
  unauthorized: {
    does: 'Refuses the credential with 401.',
    instead: () => errorReply(401, { message: 'Incorrect API key provided', code: 'invalid_api_key' }),
  },
  'payment-required': {
    does: 'Refuses with 402: the account with the provider is empty.',
    instead: () =>
      errorReply(402, { message: 'Insufficient balance', type: 'insufficient_quota', code: 'insufficient_balance' }),
  },
  'bad-request': {
    does: 'Refuses the request with 400.',
    instead: () =>
      errorReply(400, { message: "Invalid value for 'messages'", param: 'messages', code: 'invalid_value' }),
  },
  'content-policy': {
    does: 'Refuses the content with 403.',
    instead: () =>
      errorReply(403, { message: 'The request was refused by the content policy', code: 'content_policy_violation' }),
  },
  html: {
    does: 'Answers 200 with a page.',
    instead: () => rawReply(200, 'text/html', '<!doctype html><title>Gateway</title><h1>It works</h1>'),
  },
  'error-in-200': {
    does: 'Answers 200 with an error in the body.',
    instead: () =>
      errorReply(200, { message: 'The model is not available', type: 'server_error', code: 'model_unavailable' }),
  },
  'bad-json': {
    does: 'Answers 200 with a bare NaN, which is no JSON.',
    instead: () =>
      rawReply(200, 'application/json', '{"id":"chatcmpl-bad","choices":[],"usage":{"prompt_tokens":NaN}}'),
  },
  redirect: {
    does: 'Redirects with 307 to a path that it does not serve.',
    instead: () => rawReply(307, 'text/plain', '', { location: '/v1/redirected' }),
  },
} as const satisfies Record<string, Behaviour>

const rows = new Map<string, Behaviour>(Object.entries(behaviours))

/** A number in a name is never taken to be larger than this, so that no name can fill the memory. */
const MAX_NUMBER = 4_000_000

/** The row that a model name means, and the number that goes with it. */
export function behaviourOf(model: string): { behaviour: Behaviour; number: number } {
  const name = bareName(model)
  const exact = rows.get(name)
  if (exact) return { behaviour: exact, number: exact.number ?? 0 }
  const [, stem = '', digits = ''] = /^(.+)-([0-9]{1,9})$/.exec(name) ?? []
  const numbered = rows.get(stem)
  if (numbered?.number !== undefined) return { behaviour: numbered, number: Math.min(Number(digits), MAX_NUMBER) }
  return { behaviour: behaviours.sentences, number: 0 }
}

/** `simulator/echo` → `echo`: whatever stands before the last slash says who serves the model, not what it does. */
export const bareName = (model: string): string => model.slice(model.lastIndexOf('/') + 1)

const tooMany = (headers: Record<string, string>): Reply =>
  errorReply(
    429,
    { message: 'Rate limit reached for requests', type: 'requests', code: 'rate_limit_exceeded' },
    headers,
  )
