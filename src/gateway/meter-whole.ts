/** A whole reply: its usage is read, the call settled, and the reply sent with its cost. */
import { type Refused, refuse } from '../contract/errors.ts'
import { commonReason } from '../dialects/chat-choices.ts'
import type { FinishReason, Settled } from '../dialects/dialect.ts'
import { assert } from '../lib/assert.ts'
import type { Admission } from './admit.ts'
import type { Served } from './forward.ts'
import type { Gateway } from './gateway.ts'
import type { Finish } from './handle.ts'
import { normalise } from './normaliser.ts'
import { statedUsage, usageOf } from './usage-of.ts'

type Whole = Served & { readonly reply: { readonly kind: 'whole' } }

/** `failure`: the provider gave up midway. */
type Metered = { readonly settled: Settled; readonly failure: Refused | undefined }

/** Settles a whole reply. Nothing is charged where it turns out to be no answer. */
export async function meterWhole(
  gateway: Gateway,
  admission: Admission,
  { candidate, reply, attempts, sentAt }: Whole,
  finish: Finish,
): Promise<Metered> {
  const { parsed } = reply
  const { text, finishReason, native } = admission.call.api === 'embeddings' ? VECTORS : answerOf(parsed)
  const raw = statedUsage(parsed)
  const { usage, source } = await usageOf(gateway, admission, {
    candidate,
    raw,
    outputReported: true,
    delivered: text !== '' || admission.call.api === 'embeddings',
    count: () => gateway.tokens.count(text),
  })
  normalise(gateway, admission, () => gateway.tokens.count(text))
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

type Answer = {
  readonly text: string
  readonly finishReason: FinishReason | null
  readonly native: string | null
}

/** Numbers are no output that anybody pays for, and they are complete when they are there. */
const VECTORS: Answer = { text: '', finishReason: 'stop', native: null }

function answerOf(parsed: Readonly<Record<string, unknown>>): Answer {
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
