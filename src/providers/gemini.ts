/** Providers that speak Gemini's wire: `generateContent`, whole and streamed, behind the gateway's own form. */
import { Pool } from 'undici'
import type { OnCancel } from '../contract/provider-presets.ts'
import { readingFor } from '../core/usage-reading-for.ts'
import type { Random } from '../lib/random.ts'
import { sendConverted } from './converted-exchange.ts'
import { checkOver, withCredential } from './credential.ts'
import { isThirdGeneration } from './gemini-models.ts'
import { geminiConversion } from './gemini-reply.ts'
import { type GeminiRequest, geminiRequest } from './gemini-request.ts'
import { isFields } from './json-fields.ts'
import { type Attempt, type Provider, type ProviderKey, type UpstreamCall, UpstreamFailure } from './provider.ts'
import { unmetBy } from './unmet.ts'
import { parse } from './upstream-error.ts'

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

/** Connections to one provider; a call above it waits, within its own time limit. */
const MOST_CONNECTIONS = 2_048
/** An event holds some words. One with an image in it is as long as the image, and has the limit of a whole reply. */
const MAX_EVENT_BYTES = 1_048_576

export function createGeminiProvider(options: GeminiOptions): Provider {
  const url = new URL(options.baseUrl)
  const pool = new Pool(url.origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    connect: { timeout: options.connectMs },
    keepAliveTimeout: 30_000,
  })
  const headersFor = withCredential(options.apiKey, (secret) => ({ 'x-goog-api-key': secret }))
  const send = (call: UpstreamCall): Attempt => {
    const request = requestOf(call)
    if (request instanceof UpstreamFailure) return { reply: Promise.reject(request), abort() {}, ignored: [] }
    const outgoing = {
      path: `${versionPath(url)}/${modelPath(call.model)}:${call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      headers: headersFor(call.secret),
      body: JSON.stringify(request.body),
      eventBytes: request.images ? call.limits.replyBytes : MAX_EVENT_BYTES,
    }
    const conversion = geminiConversion({
      newCallId: () => `call_${Buffer.from(options.random.bytes(12)).toString('hex')}`,
      searches: request.searches,
      billsEachQuery: isThirdGeneration(call.model),
    })
    return { ...sendConverted(pool, outgoing, conversion, call), ignored: request.ignored }
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
