/** Makes a value that fits a JSON schema, for structured answers and the arguments of tool calls. */
import { type JsonObject, listOf, objectOf } from './chat-request.ts'
import { type Draw, someSentences } from './sentences.ts'

export function sample(schema: unknown, draw: Draw): unknown {
  return make({ root: schema, draw, left: MAX_VALUES }, schema)
}

/** A schema that refers to itself would grow without end: after so many values the rest is left out. */
const MAX_VALUES = 500
const MAX_ITEMS = 20

type Making = { readonly root: unknown; readonly draw: Draw; left: number }

function make(making: Making, schema: unknown): unknown {
  const rules = objectOf(schema)
  if (!rules) return someSentences(making.draw, 1).join('')
  if (making.left-- <= 0) return null
  if (typeof rules.$ref === 'string') return make(making, resolve(making.root, rules.$ref))
  if ('const' in rules) return rules.const
  const choices = listOf(rules.enum)
  if (choices.length > 0) return choices[making.draw(choices.length)]
  const alternatives = listOf(rules.anyOf ?? rules.oneOf ?? rules.allOf)
  if (alternatives.length > 0) return make(making, alternatives[0])
  return makeTyped(making, rules)
}

function makeTyped(making: Making, rules: JsonObject): unknown {
  switch (typeOf(rules)) {
    case 'object':
      return makeObject(making, rules)
    case 'array':
      return Array.from({ length: Math.min(numberOf(rules.minItems, 1), MAX_ITEMS) }, () => make(making, rules.items))
    case 'integer':
      return Math.ceil(numberOf(rules.minimum, making.draw(10)))
    case 'number':
      return numberOf(rules.minimum, making.draw(100) / 10)
    case 'boolean':
      return making.draw(2) === 0
    case 'null':
      return null
    default:
      return someSentences(making.draw, 1).join('')
  }
}

function makeObject(making: Making, rules: JsonObject): unknown {
  const made: [string, unknown][] = []
  for (const [name, rule] of Object.entries(objectOf(rules.properties) ?? {})) {
    if (making.left <= 0) break
    made.push([name, make(making, rule)])
  }
  // Own properties, whatever their names: assigning to `__proto__` would set the prototype.
  return Object.fromEntries(made)
}

function typeOf(rules: JsonObject): unknown {
  if (rules.type === undefined) return rules.properties === undefined ? 'string' : 'object'
  return Array.isArray(rules.type) ? rules.type[0] : rules.type
}

const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

/** `#/$defs/step` → what lies there; anything outside the schema is not looked up. */
function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  const steps = reference.slice(1).split('/').filter(Boolean)
  return steps.reduce<unknown>((at, step) => {
    const here = objectOf(at)
    return here && Object.hasOwn(here, step) ? here[step] : undefined
  }, root)
}
