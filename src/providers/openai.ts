/**
 * Providers that speak OpenAI's wire. The client's body goes up as it came but for what must differ: the model's name,
 * the request for usage, and members that are Turnpike's or OpenRouter's own.
 */
import type { LimitMember, OnCancel } from '../contract/provider-presets.ts'
import type { UpstreamApi } from '../contract/upstream-api.ts'
import { readingFor } from '../core/usage-reading-for.ts'
import { checkOver, withCredential } from './credential.ts'
import type { Headers } from './http-exchange.ts'
import { formBody, speechWire, transcriptionWire } from './openai-audio.ts'
import { openaiRequest } from './openai-request.ts'
import { type Provider, type ProviderKey, type UpstreamCall, UpstreamFailure } from './provider.ts'
import { unmetBy } from './unmet.ts'
import { readReply } from './upstream-error.ts'
import type { Wire, WireOut } from './wire.ts'
import { openPool, sendOver } from './wire-send.ts'

export type OpenaiOptions = {
  readonly key: string
  readonly name: string
  /** Up to and with `/v1`. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** Several of ours, in place of `apiKey`. */
  readonly keys?: readonly ProviderKey[]
  /** The family of usage bodies. */
  readonly reading: string
  readonly onCancel: OnCancel
  readonly connectMs: number
  /** The header of the key, in place of `Authorization: Bearer`. */
  readonly keyHeader?: string | undefined
  /** In place of `max_tokens`. */
  readonly limitMember?: LimitMember | undefined
  /** As Azure has it: the model in the path, this version behind it. */
  readonly apiVersion?: string | undefined
}

export function createOpenaiProvider(options: OpenaiOptions): Provider {
  const url = new URL(options.baseUrl)
  const pool = openPool(url.origin, options.connectMs)
  const base = url.pathname.replace(/\/$/, '')
  const { apiKey, keyHeader } = options
  const accent = { family: options.reading, limitMember: options.limitMember ?? 'max_tokens' } as const
  const headersFor = withCredential(
    apiKey,
    (secret): Record<string, string> => (keyHeader ? { [keyHeader]: secret } : { authorization: `Bearer ${secret}` }),
  )
  return {
    key: options.key,
    name: options.name,
    readingOf: (api) => readingFor(options.reading, api),
    onCancel: options.onCancel,
    keys: options.keys ?? [],
    parameters: PARAMETERS,
    // What it is sent in this wire's words passes on as it came, and nobody but the server behind it knows what it takes.
    unmet: (call) => (call.form ? [] : unmetBy(() => openaiRequest(call, accent).ignored)),
    send(call) {
      const path = pathOf(base, options.apiVersion, call)
      const wire = WIRES[call.api] ?? openaiWire
      const headers = headersFor(call.secret)
      if (call.form) return sendOver(pool, wire, { path, ...formBody(call.form, call.model, headers) }, call)
      const { body, ignored } = openaiRequest(call, accent)
      return { ...sendOver(pool, wire, { path, headers, body }, call), ignored }
    },
    check: (secret) => checkOver(pool, `${base}/models`, headersFor(secret)),
    close: () => pool.destroy(),
  }
}

const PATHS = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
  'audio/speech': '/audio/speech',
  'audio/transcriptions': '/audio/transcriptions',
} as const satisfies Record<UpstreamApi, string>

function pathOf(base: string, apiVersion: string | undefined, { api, model }: UpstreamCall): string {
  if (apiVersion === undefined) return base + PATHS[api]
  return `${base}/deployments/${encodeURIComponent(model)}${PATHS[api]}?api-version=${apiVersion}`
}

/** What servers of this wire have in common. */
const PARAMETERS = [
  ...['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'stop', 'seed', 'frequency_penalty'],
  ...['presence_penalty', 'logprobs', 'top_logprobs', 'logit_bias', 'tools', 'tool_choice', 'response_format'],
]

const openaiWire: Wire = { whole: readWhole, stream: readStream }
const WIRES: { readonly [api in UpstreamApi]?: Wire } = {
  'audio/speech': speechWire,
  'audio/transcriptions': transcriptionWire,
}

function readWhole(status: number, headers: Headers, body: string): ReturnType<Wire['whole']> {
  const parsed = readReply(status, headers, body)
  if (parsed instanceof UpstreamFailure) return parsed
  return isAnswer(parsed)
    ? { body, parsed }
    : new UpstreamFailure('invalid', 'the reply has no answer in it', { status })
}

/** Chat and completions answer with choices, embeddings with data. */
const isAnswer = ({ choices, data }: Readonly<Record<string, unknown>>): boolean => isFilled(choices) || isFilled(data)

const isFilled = (list: unknown): boolean => Array.isArray(list) && typeof list[0] === 'object' && list[0] !== null

/** Inside of a string the quotes would be escaped: only a member's name looks like this. */
const MAY_BE_ERROR = /"error"\s*:\s*[^n\s]/

/** Events are the gateway's own form already; they are parsed only where they might say that the call has failed. */
function readStream(status: number, _headers: Headers, out: WireOut): ReturnType<Wire['stream']> {
  let begun = false
  return {
    event({ data }) {
      if (data === '[DONE]') return out.end()
      if (!begun || MAY_BE_ERROR.test(data)) {
        const read = readReply(status, {}, data)
        if (read instanceof UpstreamFailure) return out.end(read)
        if (!begun) out.begin(read)
        begun = true
      }
      out.chunk(data)
    },
  }
}
