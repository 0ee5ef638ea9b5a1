/** A JSON body from outside: whether it is safe to read, where its members lie, and those that a schema names. */
import type { z } from 'zod'
import { WATCHED_MEMBERS } from '../contract/chat.ts'
import { refuse } from '../contract/errors.ts'
import { duplicateMember, guardJson } from '../lib/json-guard.ts'
import { type Member, topLevelMembers } from '../lib/json-scan.ts'

export type JsonBody = { readonly text: string; readonly bytes: number; readonly members: readonly Member[] }

/** Bodies above this are scanned, not parsed: parsing one would hold up every other call. */
const PARSE_UP_TO = 262_144

/** Throws `invalid_json` or `invalid_request` for what is no object, too deep, or ambiguous where it decides the price. */
export function openJson(body: Buffer): JsonBody {
  const text = body.toString('utf8')
  return { text, bytes: body.length, members: membersOf(body, text) }
}

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

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refuse(
      'invalid_json',
      `The body is not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
    )
  }
}

/** The members that the schema names. Throws `invalid_request` with the field at fault. */
export function validated<S extends z.ZodObject>(schema: S, body: JsonBody): z.output<S> {
  const result = schema.safeParse(body.text.length <= PARSE_UP_TO ? parsed(body.text) : shallow(schema, body))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.join('.') ?? ''
  throw refuse('invalid_request', `${path}: ${issue?.message ?? 'is not valid'}`, { param: path })
}

/** The members that we read, parsed one by one. */
function shallow({ shape }: z.ZodObject, { members, text }: JsonBody): Record<string, unknown> {
  const known = members.filter(({ key }) => Object.hasOwn(shape, key))
  return Object.fromEntries(
    known.map(({ key, valueStart, valueEnd }) => [key, parsed(text.slice(valueStart, valueEnd))]),
  )
}

/** A member's JSON text. */
export function textOf({ members, text }: JsonBody, key: string): string | undefined {
  const member = members.find((candidate) => candidate.key === key)
  return member && text.slice(member.valueStart, member.valueEnd)
}
