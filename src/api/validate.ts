/** Reads what a request carries by the operation's schemas. The first thing wrong with it is named by its path. */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type ErrorCode, errors, refuse } from '../contract/errors.ts'
import type { Operation } from '../contract/operation.ts'
import { duplicateMember, guardJson } from '../lib/json-guard.ts'
import { topLevelMembers } from '../lib/json-scan.ts'

export type Validated = { readonly params: object; readonly query: object; readonly body: object }

/** Made once an operation: it knows which members of a query are numbers. */
export function validatorOf({ method, params, query, body, path }: Operation): (request: FastifyRequest) => Validated {
  const types = query ? typesOf(query) : new Map<string, string>()
  const watched = new Set(Object.keys(body?.shape ?? {}))
  // Where a POST needs to say nothing it may send nothing.
  const isOptional = method === 'POST' && body?.safeParse({}).success === true
  const rest = /\{(\w+)\*\}/.exec(path)?.[1]
  return (request) => {
    const named = request.params as Record<string, string>
    return {
      params: params ? checked(params, whole(rest === undefined ? named : { [rest]: named['*'] })) : {},
      query: query ? checked(query, typed(whole(request.query as Record<string, unknown>), types)) : {},
      body: body ? checked(body, isOptional && isEmpty(request) ? {} : jsonOf(request, watched)) : {},
    }
  }
}

/** No name and no id holds a NUL, and not every database takes one. */
function whole(texts: Record<string, unknown>): Record<string, unknown> {
  const broken = Object.keys(texts).find((name) => String(texts[name]).includes('\0'))
  if (broken === undefined) return texts
  throw refuse('invalid_request', `${broken}: expected text without control characters`, { param: broken })
}

const isEmpty = ({ body }: FastifyRequest): boolean => !Buffer.isBuffer(body) || body.length === 0

function checked(schema: z.ZodObject, value: unknown): object {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const param = issue?.path.join('.') ?? ''
  const code = issue?.code === 'custom' ? (issue.params?.code as ErrorCode | undefined) : undefined
  throw refuse(
    code !== undefined && code in errors ? code : 'invalid_request',
    `${param || 'The request'}: ${issue?.message ?? 'is not valid'}`,
    { param },
  )
}

/** A query is text; what its schema says is a number or a flag is read as one where it has that form. */
function typed(query: Record<string, unknown>, types: ReadonlyMap<string, string>): Record<string, unknown> {
  const read = (name: string, value: unknown) => {
    const type = types.get(name)
    if (typeof value !== 'string') return value
    if (type === 'integer' && /^-?[0-9]{1,15}$/.test(value)) return Number(value)
    if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
    return value
  }
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, read(name, value)]))
}

function typesOf(query: z.ZodObject): Map<string, string> {
  const { properties = {} } = z.toJSONSchema(query)
  return new Map(
    Object.entries(properties).map(([name, schema]) => [name, typeof schema === 'object' ? String(schema.type) : '']),
  )
}

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i
const LIMITS = { depth: 32, values: 100_000 }

function jsonOf({ body, headers }: FastifyRequest, watched: ReadonlySet<string>): unknown {
  const type = headers['content-type']
  if (type !== undefined && !JSON_TYPE.test(type))
    throw refuse('unsupported_media_type', 'The body must be JSON: send content-type: application/json')
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw refuse('unsupported_media_type', 'The body must not be compressed here')
  if (!Buffer.isBuffer(body) || body.length === 0)
    throw refuse('invalid_json', 'The body is missing: expected a JSON object')
  const guarded = guardJson(body, LIMITS)
  if (!guarded.ok && guarded.reason !== 'malformed')
    throw refuse(
      'invalid_request',
      guarded.reason === 'too_deep' ? 'The body is nested too deeply' : 'The body has too many values',
    )
  const text = body.toString('utf8')
  const value = parsed(text)
  const members = topLevelMembers(text)
  if (!members) throw refuse('invalid_request', 'The body must be a JSON object')
  const twice = duplicateMember(members, watched)
  if (twice)
    throw refuse(
      'invalid_request',
      `${twice.key}: ${twice.reason === 'duplicate' ? 'stands twice in the body' : 'is spelled in another letter case than it is defined'}`,
      { param: twice.key },
    )
  return value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse('invalid_json')
  }
}
