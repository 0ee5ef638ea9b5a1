/** Schemas of the contract as JSON Schema, as an OpenAPI document has them. */
import { z } from 'zod'
import type { Json, JsonObject } from './openapi.ts'

export const propertiesOf = (schema: JsonObject): JsonObject => (schema.properties ?? {}) as JsonObject

/** Schemas with an id become components; the rest stands where it is used. */
export function schemaOf(type: z.ZodType, schemas: Record<string, JsonObject>): JsonObject {
  const { $schema: _, $defs = {}, id, ...schema } = z.toJSONSchema(type, OPTIONS)
  for (const [name, definition] of Object.entries($defs)) schemas[name] = component(definition)
  if (typeof id !== 'string') return component(schema)
  schemas[id] = component(schema)
  return { $ref: `#/components/schemas/${id}` }
}

/** Inputs, since no default of ours is part of the wire. What is made ready before it is checked is shown as it is checked. */
const OPTIONS: Parameters<typeof z.toJSONSchema>[1] = {
  io: 'input',
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema }) => {
    if (zodSchema instanceof z.ZodPipe && zodSchema.def.in instanceof z.ZodTransform)
      Object.assign(jsonSchema, z.toJSONSchema(zodSchema.def.out, OPTIONS), { $schema: undefined })
  },
}

/** Through text: undefined members go, and references lead to the components. */
function component(schema: object): JsonObject {
  const text = JSON.stringify(schema, plain).replaceAll('"#/$defs/', '"#/components/schemas/')
  const { id: _, ...rest } = JSON.parse(text) as Record<string, Json>
  return rest
}

/** What the converter adds and nobody reads: a calendar as a pattern, the bounds of a double, that names are text. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { pattern, minimum, maximum, propertyNames: _names, ...rest } = value as Record<string, unknown>
  return {
    ...rest,
    ...(pattern === undefined || rest.format === 'date-time' || rest.format === 'email' ? {} : { pattern }),
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  }
}
