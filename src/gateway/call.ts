/**
 * What a call asks for, whatever the path it came by: read once, from the top level of the body. What it says to the
 * model stays text and passes on as it came; nothing in it decides where the call goes.
 */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type Refused, refuse } from '../contract/errors.ts'
import type { ModelRequest, ProviderPreferences } from '../contract/model-request.ts'
import type { NativeBody } from '../contract/native-wire.ts'
import type { UpstreamApi } from '../contract/upstream-api.ts'
import type { CallDetails } from '../core/usage-rows.ts'
import type { Member } from '../lib/json-scan.ts'
import { type JsonBody, textOf } from './read-json.ts'
import type { Sound } from './sound.ts'

export type Call = {
  /** What is asked of the provider. */
  readonly api: UpstreamApi
  readonly text: string
  readonly bytes: number
  readonly members: readonly Member[]
  /** In order of preference, as the client spelled them. */
  readonly models: readonly string[]
  readonly stream: boolean
  readonly choices: number
  /** The smaller of those that were sent. */
  readonly outputLimit: number | undefined
  readonly serviceTier: string | undefined
  /** Where it is to be computed, in Anthropic's words; a region may cost more. */
  readonly inferenceGeo: string | undefined
  readonly preferences: ProviderPreferences
  readonly asked: boolean
  readonly includeUsage: boolean
  readonly usageChoices: 'empty' | 'repeat' | undefined
  readonly usesCaching: boolean
  readonly oneHourWrites: boolean
  /** Parts that are not text, by how they are named in the body. */
  readonly images: number
  readonly audios: number
  readonly files: number
  /** Web searches that the call may make. */
  readonly searches: number
  /** What the answer may hold beside text: its tokens may be dearer. */
  readonly outputMedia: readonly ('output_audio' | 'output_image')[]
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | undefined
  /** What of the request the reply repeats, on wires that do. */
  readonly echo?: Readonly<Record<string, unknown>>
  /** The body came by another wire: what it says in words that a provider may not know was not the client's choice. */
  readonly converted?: true
  /** What of the client's wire was left out on the way to a chat: it only advises, and the client is told. */
  readonly ignored?: readonly string[]
  readonly sound?: Sound
  /** Headers of the client's wire, for a provider that speaks it too. */
  readonly wireHeaders?: Readonly<Record<string, string>>
  /** What the client asked for behind its path, for such a provider. */
  readonly wireQuery?: string
  /** The request as it came, for a provider that speaks the client's wire. */
  readonly native?: NativeBody
  /** Why only such a provider can serve it: what another wire has no word for. */
  readonly nativeOnly?: Refused
  readonly details: Omit<CallDetails, 'hash' | 'organisationId' | 'createdAt'>
}

/** How the body of a path is read. Throws `invalid_json` or `invalid_request` with the field at fault. */
export type ReadCall = (body: Buffer, headers: IncomingHttpHeaders, url?: string) => Call | Promise<Call>

/** What any body and its headers tell; a path's own reading says the rest. */
export function plainCall(body: JsonBody, request: ModelRequest, headers: IncomingHttpHeaders) {
  const models = [...(request.model === undefined ? [] : [request.model]), ...(request.models ?? [])]
  if (models.length === 0)
    throw refuse('invalid_request', 'model is missing: name the model to call', { param: 'model' })
  const choicesHeader = headers['x-turnpike-usage-choices']
  return {
    ...body,
    models: [...new Set(models)].slice(0, MOST_MODELS),
    stream: request.stream === true,
    choices: 1,
    outputLimit: undefined,
    serviceTier: request.service_tier ?? undefined,
    inferenceGeo: /^"([a-z0-9_-]{1,40})"$/.exec(textOf(body, 'inference_geo') ?? '')?.[1],
    preferences: request.provider ?? {},
    asked: request.usage?.include === true || headers['x-turnpike-usage'] === 'include',
    includeUsage: request.stream_options?.include_usage === true,
    usageChoices: choicesHeader === 'empty' || choicesHeader === 'repeat' ? choicesHeader : undefined,
    usesCaching: false,
    oneHourWrites: false,
    images: 0,
    audios: 0,
    files: 0,
    searches: 0,
    outputMedia: [],
    idempotency: idempotencyOf(headers, body.text),
    details: detailsOf(request, headers),
  } satisfies Omit<Call, 'api'>
}

const MOST_MODELS = 10

function idempotencyOf(headers: IncomingHttpHeaders, text: string): Call['idempotency'] {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw refuse('invalid_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters', {
      param: 'Idempotency-Key',
    })
  return { key, fingerprint: hash('sha256', text, 'hex') }
}

const MOST_HEADER_CHARACTERS = 512

function detailsOf(request: ModelRequest, headers: IncomingHttpHeaders): Call['details'] {
  const header = (...names: string[]): string | null => {
    for (const name of names) {
      const value = headers[name]
      if (typeof value === 'string' && value !== '') return value.slice(0, MOST_HEADER_CHARACTERS)
    }
    return null
  }
  return {
    endUser: request.user ?? null,
    sessionId: request.session_id ?? header('x-session-id', 'x-claude-code-session-id'),
    userAgent: header('user-agent'),
    referer: header('http-referer', 'referer'),
    title: header('x-openrouter-title', 'x-title'),
    metadata: request.metadata ? JSON.stringify(request.metadata) : null,
  }
}
