/** Messages as Google takes them: instructions apart, and turns of `user` and `model` that never follow their like. */
import type { Ignored } from '../contract/ignored.ts'
import { GEMINI_FORMAT } from './gemini-candidate.ts'
import { contentParts, shown, textOnly } from './gemini-parts.ts'
import { type Fields, fieldsOf, isFields, listOf, parseExact, someText, textOf } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

export type Contents = { readonly systemInstruction?: Fields; readonly contents: readonly Fields[] }

type Turn = { readonly role: 'user' | 'model'; readonly parts: Fields[] }

type Options = {
  readonly ignored: Ignored
  /** The generation in which calls have ids and must carry the signatures of their thoughts. */
  readonly thirdGeneration: boolean
}

export function contentsOf(messages: unknown, options: Options): Contents {
  const instructions: Fields[] = []
  const turns: Turn[] = []
  const calls: Called[] = []
  let results: Result[] = []
  const say = (role: Turn['role'], parts: readonly Fields[]) => {
    const last = turns.at(-1)
    if (parts.length === 0) return
    if (last?.role === role) last.parts.push(...parts)
    else turns.push({ role, parts: [...parts] })
  }
  // Without ids, two results of one function are told apart by their order alone.
  const sayResults = () => {
    const sorted = results.sort((a, b) => a.place - b.place).flatMap(({ parts }) => parts)
    results = []
    say('user', sorted)
  }
  for (const [place, message] of (Array.isArray(messages) ? messages : []).entries()) {
    const path = `messages.${place}`
    if (!isFields(message)) throw unsupported(path, 'expected an object')
    if (message.name !== undefined && message.role !== 'tool') options.ignored.add('messages.name')
    if (message.cache_control !== undefined) options.ignored.add('cache_control')
    if (message.role !== 'tool') sayResults()
    switch (message.role) {
      case 'system':
      case 'developer': {
        const text = textOnly(message.content, `${path}.content`, options.ignored)
        if (text !== '') instructions.push({ text })
        break
      }
      case 'user':
        say('user', contentParts(message.content, `${path}.content`, options.ignored))
        break
      case 'assistant':
        say('model', modelParts(message, path, calls, options))
        break
      case 'tool':
        results.push(toolResult(message, path, calls, options))
        break
      default:
        throw unsupported(`${path}.role`, `messages of role ${shown(message.role)} cannot be sent to this provider`)
    }
  }
  sayResults()
  // Google insists on a turn of the user; a lone instruction is one.
  if (turns.length === 0)
    return { contents: [{ role: 'user', parts: instructions.length > 0 ? instructions : [{ text: '' }] }] }
  return { ...(instructions.length > 0 ? { systemInstruction: { parts: instructions } } : {}), contents: turns }
}

type Called = { readonly id: string; readonly name: string }

function modelParts(message: Fields, path: string, calls: Called[], { ignored, thirdGeneration }: Options): Fields[] {
  const signatures = signaturesOf(message.reasoning_details)
  const parts = contentParts(message.content, `${path}.content`, ignored)
  if (parts.length === 0 && someText(message.refusal) !== undefined) parts.push({ text: message.refusal })
  parts.push(...contentParts(message.images, `${path}.images`, ignored))
  sign(parts, signatures.loose)
  for (const [place, call] of listOf(message.tool_calls).entries()) {
    const id = textOf(call.id)
    const { name, args } = calledFunction(call, `${path}.tool_calls.${place}`)
    calls.push({ id, name })
    const own = signatures.byCall.get(id) ?? someText(fieldsOf(fieldsOf(call.extra_content).google).thought_signature)
    // Of calls made side by side the first alone is signed; one that another model made has no signature to give.
    const signature = own ?? (thirdGeneration && place === 0 ? UNSIGNED : undefined)
    parts.push({
      functionCall: { ...(thirdGeneration && id !== '' ? { id } : {}), name, args },
      ...(signature === undefined ? {} : { thoughtSignature: signature }),
    })
  }
  if (message.function_call !== undefined && message.function_call !== null)
    throw unsupported(`${path}.function_call`, 'is out of date; use tool_calls')
  return parts
}

/** Google's word for a call whose thought it did not think, so that its check is left out. */
const UNSIGNED = 'skip_thought_signature_validator'

/** The signature of a thought that ended in text goes with that text, or stands alone as it came. */
function sign(parts: Fields[], signature: string | undefined): void {
  if (signature === undefined) return
  const last = parts.pop()
  parts.push({ ...(last ?? { text: '' }), thoughtSignature: signature })
}

type Signatures = { readonly byCall: ReadonlyMap<string, string>; readonly loose: string | undefined }

/** Those of other vendors mean nothing here. Thoughts themselves are not sent back: their signatures stand for them. */
function signaturesOf(details: unknown): Signatures {
  const own = listOf(details).filter(({ type, format }) => type === 'reasoning.encrypted' && format === GEMINI_FORMAT)
  const byCall = new Map<string, string>()
  let loose: string | undefined
  for (const { id, data } of own) {
    const signature = someText(data)
    const call = someText(id)
    if (signature === undefined) continue
    if (call === undefined) loose = signature
    else byCall.set(call, signature)
  }
  return { byCall, loose }
}

function calledFunction(call: Fields, path: string): { name: string; args: unknown } {
  const { name, arguments: text } = fieldsOf(call.function)
  const called = someText(name)
  if (called === undefined) throw unsupported(`${path}.function.name`, 'expected the name of a function')
  const args = someText(text) === undefined ? {} : parseExact(String(text))
  if (!isFields(args)) throw unsupported(`${path}.function.arguments`, 'expected the text of a JSON object')
  return { name: called, args }
}

type Result = { readonly place: number; readonly parts: readonly Fields[] }

/** Google knows a result by the function's name, and where it has ids, by the call's as well. */
function toolResult(
  message: Fields,
  path: string,
  calls: readonly Called[],
  { ignored, thirdGeneration }: Options,
): Result {
  const id = someText(message.tool_call_id)
  const place = calls.findLastIndex((made) => made.id === id)
  const name = calls[place]?.name ?? someText(message.name)
  if (name === undefined)
    throw unsupported(`${path}.tool_call_id`, 'no call of this id stands before it, so that its function is not known')
  const said = contentParts(message.content, `${path}.content`, ignored)
  const media = said.filter(({ text }) => text === undefined)
  const output = said.flatMap(({ text }) => someText(text) ?? []).join('\n')
  // These are the names by which the model is told a result, or a failure.
  const response = message.is_error === true ? { error: output } : { output }
  const named = { ...(thirdGeneration && id !== undefined ? { id } : {}), name, response }
  if (media.length === 0) return { place, parts: [{ functionResponse: named }] }
  return thirdGeneration
    ? { place, parts: [{ functionResponse: { ...named, parts: media } }] }
    : { place, parts: [{ functionResponse: named }, ...media] }
}
