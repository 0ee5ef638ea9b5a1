/** The parts of a candidate as a message or a delta: text, thoughts, calls of tools, images, and the signatures that go back. */
import { type Fields, fieldsOf, isFields, listOf, someText, textOf } from './json-fields.ts'

/** OpenRouter's word for thoughts that only Gemini can read. */
export const GEMINI_FORMAT = 'google-gemini-v1'

export type Said = {
  readonly content: string
  readonly reasoning: string
  readonly reasoning_details: readonly Fields[]
  readonly tool_calls: readonly Fields[]
  readonly images: readonly Fields[]
}

export type Candidate = {
  /** What the parts say, in the words of a delta. Calls and details are numbered on from the parts before. */
  read(content: unknown): Said
  readonly calledTools: boolean
}

export function createCandidate(newCallId: () => string): Candidate {
  let calls = 0
  let details = 0
  return {
    get calledTools() {
      return calls > 0
    },
    read(content) {
      const said = {
        content: '',
        reasoning: '',
        reasoning_details: [] as Fields[],
        tool_calls: [] as Fields[],
        images: [] as Fields[],
      }
      const detail = (fields: Fields) =>
        said.reasoning_details.push({ ...fields, format: GEMINI_FORMAT, index: details++ })
      for (const part of listOf(fieldsOf(content).parts)) {
        const call = isFields(part.functionCall) ? toolCall(part.functionCall, calls, newCallId) : undefined
        if (call) {
          said.tool_calls.push(call)
          calls++
        } else if (part.thought === true) {
          const text = someText(part.text)
          if (text === undefined) continue
          said.reasoning += text
          detail({ type: 'reasoning.text', text })
        } else {
          said.content += textOf(part.text)
          const image = imageOf(part.inlineData, said.images.length)
          if (image) said.images.push(image)
        }
        const data = someText(part.thoughtSignature)
        if (data !== undefined) detail({ type: 'reasoning.encrypted', data, ...(call ? { id: call.id } : {}) })
      }
      return said
    },
  }
}

export const isSilent = (said: Said): boolean =>
  said.content === '' && said.reasoning_details.length === 0 && said.tool_calls.length === 0 && said.images.length === 0

/** The members that say something, as those of a delta. */
export function deltaOf(said: Said): Fields {
  return {
    ...(said.content === '' ? {} : { content: said.content }),
    ...(said.reasoning === '' ? {} : { reasoning: said.reasoning }),
    ...(said.reasoning_details.length > 0 ? { reasoning_details: said.reasoning_details } : {}),
    ...(said.tool_calls.length > 0 ? { tool_calls: said.tool_calls } : {}),
    ...(said.images.length > 0 ? { images: said.images } : {}),
  }
}

/** Google sends a call in one piece; its arguments are an object there and JSON text here. */
function toolCall(
  { id, name, args }: Fields,
  index: number,
  newCallId: () => string,
): (Fields & { id: string }) | undefined {
  const called = someText(name)
  if (called === undefined) return undefined
  return {
    index,
    id: someText(id) ?? newCallId(),
    type: 'function',
    function: { name: called, arguments: JSON.stringify(isFields(args) ? args : {}) },
  }
}

function imageOf(inline: unknown, index: number): Fields | undefined {
  const { mimeType, data } = fieldsOf(inline)
  const type = someText(mimeType)
  const base64 = someText(data)
  if (!type?.startsWith('image/') || base64 === undefined) return undefined
  return { index, type: 'image_url', image_url: { url: `data:${type};base64,${base64}` } }
}
