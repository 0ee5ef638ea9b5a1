/** Tools and the choice among them, from OpenAI's form to Google's. Schemas go up as the JSON schemas that they are. */
import type { Ignored } from '../contract/ignored.ts'
import { shown } from './gemini-parts.ts'
import { type Fields, fieldsOf, isFields, listOf, someText } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

export function toolsOf(tools: unknown, searches: boolean, ignored: Ignored): Fields[] {
  const list: readonly unknown[] = Array.isArray(tools) ? tools : []
  const functionDeclarations = list.map((tool, place) => declarationOf(tool, `tools.${place}`, ignored))
  return [
    ...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []),
    ...(searches ? [{ googleSearch: {} }] : []),
  ]
}

function declarationOf(tool: unknown, path: string, ignored: Ignored): Fields {
  const { type, function: described, cache_control } = fieldsOf(tool)
  if (type !== 'function')
    throw unsupported(
      `${path}.type`,
      `tools of type ${shown(type)} are not offered by this provider; for searches there is web_search_options`,
    )
  const { name, description, parameters, strict } = fieldsOf(described)
  if (someText(name) === undefined) throw unsupported(`${path}.function.name`, 'expected the name of a function')
  if (cache_control !== undefined) ignored.add('cache_control')
  if (strict === true) ignored.add('tools.function.strict')
  return {
    name,
    ...(someText(description) === undefined ? {} : { description }),
    ...(isFields(parameters) && takesAny(parameters) ? { parametersJsonSchema: parameters } : {}),
  }
}

/** An object without members, and with none that may come, is said by no schema at all. */
const takesAny = ({ type, properties, ...rest }: Fields): boolean =>
  type !== 'object' ||
  Object.keys(fieldsOf(properties)).length > 0 ||
  Object.keys(rest).some((key) => key !== 'additionalProperties' && key !== 'required')

/** Undefined: as the model likes, which is what Google does unasked. */
export function toolConfigOf(choice: unknown): Fields | undefined {
  if (choice === undefined || choice === null || choice === 'auto') return undefined
  if (choice === 'none') return calling('NONE')
  if (choice === 'required') return calling('ANY')
  const { type, function: named, allowed_tools: allowed } = fieldsOf(choice)
  const name = someText(fieldsOf(named).name)
  if (type === 'function' && name !== undefined) return calling('ANY', [name])
  const { mode, tools } = fieldsOf(allowed)
  if (type === 'allowed_tools' && (mode === 'required' || mode === 'auto')) {
    const names = listOf(tools).flatMap((tool) => someText(fieldsOf(tool.function).name) ?? [])
    return calling(mode === 'required' ? 'ANY' : 'VALIDATED', names)
  }
  throw unsupported('tool_choice', 'expected auto, none, required, or the function that is to be called')
}

const calling = (mode: string, names: readonly string[] = []): Fields => ({
  functionCallingConfig: { mode, ...(names.length > 0 ? { allowedFunctionNames: names } : {}) },
})
