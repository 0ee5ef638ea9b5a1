/** A whole reply: its usage is read, the call settled, and the reply sent with its cost. */
import { type Refused, refuse } from '../contract/errors.ts'
import { tellsOutput } from '../core/accumulate-usage.ts'
import { speechSeconds } from '../core/sound-length.ts'
import { commonReason } from '../dialects/chat-choices.ts'
import type { FinishReason, Settled } from '../dialects/dialect.ts'
import { assert } from '../lib/assert.ts'
import type { UpstreamReply } from '../providers/provider.ts'
import type { Admission } from './admit.ts'
import type { Call } from './call.ts'
import type { Served } from './forward.ts'
import type { Gateway } from './gateway.ts'
import type { Finish } from './handle.ts'
import { normalise } from './normaliser.ts'
import { speechTokens } from './sound.ts'
import { statedUsage, usageOf } from './usage-of.ts'

type WholeReply = UpstreamReply & { readonly kind: 'whole' | 'bytes' }
type Whole = Served & { readonly reply: WholeReply }

/** `failure`: the provider gave up midway. */
type Metered = { readonly settled: Settled; readonly failure: Refused | undefined }

/** Settles a whole reply. Nothing is charged where it turns out to be no answer. */
export async function meterWhole(
  gateway: Gateway,
  admission: Admission,
  { candidate, reply, attempts, sentAt }: Whole,
  finish: Finish,
): Promise<Metered> {
  const { call } = admission
  const parsed = reply.kind === 'whole' ? reply.parsed : {}
  const { text, finishReason, native } = answerTo(call, reply)
  const raw = statedUsage(call.sound ? withDuration(parsed) : parsed)
  const { usage, source } = await usageOf(gateway, admission, {
    candidate,
    raw,
    outputReported: tellsOutput(raw) ? 'all' : 'none',
    delivered: text !== '' || call.api === 'embeddings',
    count: async () =>
      reply.kind === 'bytes' && call.sound?.kind === 'speech'
        ? { tokens: speechTokens(speechSeconds(reply.bytes, reply.bytes.length, reply.contentType)), exact: false }
        : gateway.tokens.count(text),
  })
  if (!call.sound) normalise(gateway, admission, () => gateway.tokens.count(text))
  const settled = await finish({
    status: finishReason === 'error' ? 'error' : 'ok',
    served: candidate,
    attempts,
    usage,
    source,
    rawUsage: raw,
    finishReason,
    nativeFinishReason: native,
    upstreamId: typeof parsed.id === 'string' ? parsed.id : null,
    serviceTier: typeof parsed.service_tier === 'string' ? parsed.service_tier : null,
    firstTokenAt: gateway.clock.elapsed(),
    sentAt,
  })
  const { name: providerName } = candidate.endpoint.provider
  return {
    settled,
    failure: finishReason === 'error' ? refuse('provider_error', undefined, { providerName }) : undefined,
  }
}

type Fields = Readonly<Record<string, unknown>>

type Answer = {
  readonly text: string
  readonly finishReason: FinishReason | null
  readonly native: string | null
}

/** Numbers are no output that anybody pays for; like sound and transcripts they are complete when they are there. */
const COMPLETE: Answer = { text: '', finishReason: 'stop', native: null }

function answerTo({ api }: Call, reply: WholeReply): Answer {
  if (reply.kind === 'bytes')
    return api === 'audio/speech' ? COMPLETE : { ...COMPLETE, text: reply.bytes.toString('utf8') }
  if (api === 'embeddings') return COMPLETE
  if (api === 'audio/transcriptions') return { ...COMPLETE, text: String(reply.parsed.text ?? '') }
  return answerOf(reply.parsed)
}

/** The long form of a transcript says beside its usage how long the recording is; the usage has the last word. */
const withDuration = ({ duration, usage, ...parsed }: Fields): Fields => ({
  ...parsed,
  usage: duration === undefined ? usage : { seconds: duration, ...(isObject(usage) ? usage : {}) },
})

function answerOf(parsed: Fields): Answer {
  const choices = Array.isArray(parsed.choices) ? parsed.choices.filter(isObject) : []
  const [choice] = choices
  assert(choice, 'a whole reply has a choice')
  const stated = typeof choice.finish_reason === 'string' && choice.finish_reason !== '' ? choice.finish_reason : null
  return {
    text: choices.map(contentOf).join(''),
    finishReason: stated === null ? null : commonReason(stated),
    native: typeof choice.native_finish_reason === 'string' ? choice.native_finish_reason : stated,
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function contentOf(choice: Record<string, unknown>): string {
  const message = isObject(choice.message) ? choice.message : {}
  const texts = [message.content, message.reasoning, message.reasoning_content, choice.text].filter(
    (text) => typeof text === 'string',
  )
  return texts.join('') + (message.tool_calls === undefined ? '' : JSON.stringify(message.tool_calls))
}
