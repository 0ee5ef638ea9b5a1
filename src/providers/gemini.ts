/** Providers that speak Gemini's wire: `generateContent`, whole and streamed, behind the gateway's own form. */
import type { OnCancel } from '../contract/provider-presets.ts'
import { readingFor } from '../core/usage-reading-for.ts'
import type { Random } from '../lib/random.ts'
import { checkOver, withCredential } from './credential.ts'
import { isThirdGeneration } from './gemini-models.ts'
import { geminiReplies } from './gemini-reply.ts'
import { type GeminiRequest, geminiRequest } from './gemini-request.ts'
import { isFields, parse } from './json-fields.ts'
import { type Attempt, type Provider, type ProviderKey, type UpstreamCall, UpstreamFailure } from './provider.ts'
import { unmetBy } from './unmet.ts'
import { openPool, sendOver } from './wire-send.ts'

export type GeminiOptions = {
  readonly key: string
  readonly name: string
  /** The host, with or without a version's path. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** Several of ours, in place of `apiKey`. */
  readonly keys?: readonly ProviderKey[]
  readonly onCancel: OnCancel
  readonly connectMs: number
  readonly random: Random
}

export function createGeminiProvider(options: GeminiOptions): Provider {
  const url = new URL(options.baseUrl)
  const pool = openPool(url.origin, options.connectMs)
  const headersFor = withCredential(options.apiKey, (secret) => ({ 'x-goog-api-key': secret }))
  const send = (call: UpstreamCall): Attempt => {
    const request = requestOf(call)
    if (request instanceof UpstreamFailure) return { reply: Promise.reject(request), abort() {}, ignored: [] }
    const outgoing = {
      path: `${versionPath(url)}/${modelPath(call.model)}:${call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      headers: headersFor(call.secret),
      body: JSON.stringify(request.body),
    }
    const replies = geminiReplies({
      newCallId: () => `call_${Buffer.from(options.random.bytes(12)).toString('hex')}`,
      searches: request.searches,
      billsEachQuery: isThirdGeneration(call.model),
    })
    // An event holds some words. One with an image in it is as long as the image, and has the limit of a whole reply.
    const wire = request.images ? { ...replies, eventBytes: call.limits.replyBytes } : replies
    return { ...sendOver(pool, wire, outgoing, call), ignored: request.ignored }
  }
  return {
    key: options.key,
    name: options.name,
    readingOf: (api) => (api === 'chat' ? readingFor('google', 'generateContent') : undefined),
    onCancel: options.onCancel,
    keys: options.keys ?? [],
    parameters: PARAMETERS,
    unmet: (call) =>
      unmetBy(() => {
        const request = requestOf(call)
        if (request instanceof UpstreamFailure) throw request
        return request.ignored
      }),
    send,
    check: (secret) => checkOver(pool, `${versionPath(url)}/models`, headersFor(secret)),
    close: () => pool.destroy(),
  }
}

const PARAMETERS = [
  ...['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k', 'seed', 'stop', 'frequency_penalty'],
  ...['presence_penalty', 'logprobs', 'top_logprobs', 'tools', 'tool_choice', 'response_format', 'reasoning'],
  ...['reasoning_effort', 'include_reasoning', 'web_search_options'],
]

function requestOf({ text, model, outputLimit }: UpstreamCall): GeminiRequest | UpstreamFailure {
  const chat = parse(text)
  if (!isFields(chat)) return new UpstreamFailure('unsupported', 'the body is not a JSON object')
  try {
    return geminiRequest(chat, model, outputLimit)
  } catch (error) {
    if (error instanceof UpstreamFailure) return error
    throw error
  }
}

/** `https://host` and `https://host/v1beta/` are the same place; another version stays. */
const versionPath = ({ pathname }: URL): string => {
  const path = pathname.replace(/\/+$/, '')
  return /\/v[0-9][a-z0-9]*$/.test(path) ? path : `${path}/v1beta`
}

/** A bare name is a model's; `tunedModels/…` is said in full. */
function modelPath(model: string): string {
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.+)$/.exec(model) ?? []
  return `${collection}/${encodeURIComponent(name)}`
}
