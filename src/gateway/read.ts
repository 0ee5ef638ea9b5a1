/**
 * What a call asks for: read once, from the top level of the body. Messages stay text: they pass on as they came, and
 * nothing in them decides where the call goes.
 */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ChatRequest, type ProviderPreferences, WATCHED_MEMBERS } from '../contract/chat.ts'
import { refuse } from '../contract/errors.ts'
import type { CallDetails } from '../core/ledger-rows.ts'
import { duplicateMember, guardJson } from '../lib/json-guard.ts'
import { type Member, topLevelMembers } from '../lib/json-scan.ts'

export type Call = {
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
  readonly details: Omit<CallDetails, 'hash' | 'organisationId' | 'createdAt'>
}

/** Bodies above this are scanned, not parsed: parsing one would hold up every other call. */
const PARSE_UP_TO = 262_144

/** Throws `invalid_json` or `invalid_request` with the field at fault. */
export function readChat(body: Buffer, headers: IncomingHttpHeaders): Call {
  const text = body.toString('utf8')
  const members = membersOf(body, text)
  const request = validated(members, text)
  const models = [...(request.model === undefined ? [] : [request.model]), ...(request.models ?? [])]
  if (models.length === 0)
    throw refuse('invalid_request', 'model is missing: name the model to call', { param: 'model' })
  const messages = textOf(members, text, 'messages')
  if (!messages?.startsWith('['))
    throw refuse('invalid_request', 'messages is missing: expected an array of messages', { param: 'messages' })
  if (/^\[\s*\]$/.test(messages))
    throw refuse('invalid_request', 'messages is empty: expected at least one message', { param: 'messages' })
  const choicesHeader = headers['x-turnpike-usage-choices']
  return {
    text,
    bytes: body.length,
    members,
    models: [...new Set(models)].slice(0, 10),
    stream: request.stream === true,
    choices: request.n ?? 1,
    outputLimit: smaller(request.max_tokens, request.max_completion_tokens),
    serviceTier: request.service_tier ?? undefined,
    preferences: request.provider ?? {},
    asked: request.usage?.include === true || headers['x-turnpike-usage'] === 'include',
    includeUsage: request.stream_options?.include_usage === true,
    usageChoices: choicesHeader === 'empty' || choicesHeader === 'repeat' ? choicesHeader : undefined,
    usesCaching: text.includes('"cache_control"') || text.includes('"prompt_cache_key"'),
    oneHourWrites: text.includes('"1h"'),
    images: occurrences(messages, '"image_url"') >> 1,
    audios: occurrences(messages, '"input_audio"') >> 1,
    files: occurrences(messages, '"file_data"') + occurrences(messages, '"file_id"'),
    outputMedia: outputMediaOf(textOf(members, text, 'modalities') ?? ''),
    searches: searchesOf(members, text),
    idempotency: idempotencyOf(headers, text),
    details: detailsOf(request, headers),
  }
}

/** Where a tool or plugin names no maximum of its own. */
const MOST_SEARCHES = 10

/** OpenAI asks for a search by a member, others by a tool or a plugin; a maximum that is stated holds upstream, too. */
function searchesOf(members: readonly Member[], text: string): number {
  if (textOf(members, text, 'web_search_options') !== undefined) return MOST_SEARCHES
  const tools = textOf(members, text, 'tools') ?? ''
  const plugins = textOf(members, text, 'plugins') ?? ''
  if (!/"type"\s*:\s*"[a-z:]*web_search/.test(tools) && !/"id"\s*:\s*"web"/.test(plugins)) return 0
  const stated = [...`${tools}${plugins}`.matchAll(/"max_uses"\s*:\s*([0-9]{1,6})/g)].map(([, uses]) => Number(uses))
  return Math.max(MOST_SEARCHES, ...stated)
}

const outputMediaOf = (modalities: string): Call['outputMedia'] => [
  ...(modalities.includes('"audio"') ? (['output_audio'] as const) : []),
  ...(modalities.includes('"image"') ? (['output_image'] as const) : []),
]

function membersOf(body: Buffer, text: string): Member[] {
  const guarded = guardJson(body)
  if (!guarded.ok) {
    if (guarded.reason === 'malformed')
      throw refuse('invalid_json', `The body is not valid JSON (at character ${guarded.offset})`)
    throw refuse(
      'invalid_request',
      guarded.reason === 'too_deep' ? 'The body is nested too deeply' : 'The body has too many values',
    )
  }
  const members = topLevelMembers(text)
  if (!members) throw refuse('invalid_json', 'The body must be a JSON object')
  const twice = duplicateMember(members, WATCHED_MEMBERS)
  if (twice) {
    const problem =
      twice.reason === 'duplicate' ? 'stands twice in the body' : 'is spelled in another letter case than it is defined'
    throw refuse('invalid_request', `${twice.key} ${problem}`, { param: twice.key })
  }
  return members
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refuse(
      'invalid_json',
      `The body is not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
    )
  }
}

function validated(members: readonly Member[], text: string): ChatRequest {
  const result = ChatRequest.safeParse(text.length <= PARSE_UP_TO ? parsed(text) : shallow(members, text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.join('.') ?? ''
  throw refuse('invalid_request', `${path}: ${issue?.message ?? 'is not valid'}`, { param: path })
}

/** The members that we read, parsed one by one. */
function shallow(members: readonly Member[], text: string): Record<string, unknown> {
  const known = members.filter(({ key }) => Object.hasOwn(ChatRequest.shape, key))
  return Object.fromEntries(
    known.map(({ key, valueStart, valueEnd }) => [key, parsed(text.slice(valueStart, valueEnd))]),
  )
}

function textOf(members: readonly Member[], text: string, key: string): string | undefined {
  const member = members.find((candidate) => candidate.key === key)
  return member && text.slice(member.valueStart, member.valueEnd)
}

function occurrences(text: string, part: string): number {
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++
  return count
}

const smaller = (a: number | null | undefined, b: number | null | undefined): number | undefined =>
  a == null ? (b ?? undefined) : b == null ? a : Math.min(a, b)

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

function detailsOf(request: ChatRequest, headers: IncomingHttpHeaders): Call['details'] {
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
