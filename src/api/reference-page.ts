/**
 * The OpenAPI document as one page of HTML: no script, no font, no address of another host. Everything that comes from the
 * document is escaped; code in backquotes is the only mark-up it may use.
 */
import type { Json, JsonObject, OpenApiDocument } from '../contract/openapi.ts'

export function referencePage(document: OpenApiDocument): string {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(entries.map(({ operation }) => tagOf(operation)))]
  const own = (tag: string) =>
    entries.filter(({ operation }) => tagOf(operation) === tag && !('x-alias-of' in operation))
  const { title, version, description } = document.info as Record<string, string>
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} API</title><style>${STYLE}</style></head><body>
<nav aria-label="Operations"><p><b>${escaped(title)}</b> ${escaped(version)}<br><a href="/openapi.json">openapi.json</a></p>
${tags.map((tag) => `<h2>${escaped(tag)}</h2><ul>${own(tag).map(linkTo).join('')}</ul>`).join('\n')}
<h2>shapes</h2><ul>${Object.keys(document.components.schemas)
    .map((name) => `<li><a href="#schema-${escaped(name)}">${escaped(name)}</a></li>`)
    .join('')}</ul></nav>
<main><h1>${escaped(title)} API</h1><p>${prose(description)}</p>
${tags
  .map((tag) =>
    own(tag)
      .map((entry) => section(entry, entries))
      .join('\n'),
  )
  .join('\n')}
${Object.entries(document.components.schemas)
  .map(
    ([name, schema]) =>
      `<section id="schema-${escaped(name)}"><h2>${escaped(name)}</h2><p>${prose(schema.description)}</p>${shape(schema)}</section>`,
  )
  .join('\n')}
</main></body></html>
`
}

type Entry = { readonly path: string; readonly method: string; readonly operation: JsonObject }

const tagOf = (operation: JsonObject): string => String((operation.tags as readonly Json[] | undefined)?.[0] ?? '')

const linkTo = ({ operation }: Entry): string =>
  `<li><a href="#${escaped(operation.operationId)}">${escaped(operation.operationId)}</a></li>`

function section({ path, method, operation }: Entry, all: readonly Entry[]): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation
  const aliases = all.filter((other) => other.operation['x-alias-of'] === operationId)
  return `<section id="${escaped(operationId)}"><h2>${escaped(summary)}</h2>
<p class="path"><b>${escaped(method.toUpperCase())}</b> <code>${escaped(path)}</code></p>
<p>${prose(description)}${aliases.length > 0 ? ` Also as ${aliases.map((alias) => `<code>${escaped(alias.path)}</code>`).join(', ')}.` : ''}</p>
${parametersTable(parameters as readonly JsonObject[])}
${requestBody ? `<h3>Body</h3>${shape(bodySchema(requestBody))}` : ''}
${Object.entries(responses as JsonObject)
  .map(([status, response]) => reply(status, response as JsonObject))
  .join('\n')}</section>`
}

function parametersTable(parameters: readonly JsonObject[]): string {
  if (parameters.length === 0) return ''
  const rows = parameters.map(
    ({ name, in: place, required, schema, description }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${escaped(place)}${required ? ', required' : ''}</td><td>${typeName(schema)}</td><td>${prose(description)}</td></tr>`,
  )
  return `<h3>Parameters</h3><table><tbody>${rows.join('')}</tbody></table>`
}

/** Refusals are folded away: their codes are what is looked for, their shape is one of two. */
function reply(status: string, { description, content }: JsonObject): string {
  if (Number(status) < 400)
    return `<h3>Reply ${escaped(status)}</h3><p>${prose(description)}</p>${shape(bodySchema({ content: content ?? {} }))}`
  const lines = String(description).split('\n\n')
  return `<details><summary>${escaped(status)} ${lines.map((line) => `<code>${escaped(/`(.+?)`/.exec(line)?.[1])}</code>`).join(' ')}</summary><ul>${lines.map((line) => `<li>${prose(line)}</li>`).join('')}</ul></details>`
}

const bodySchema = (holder: Json): Json =>
  (holder as { content?: { 'application/json'?: { schema?: Json } } }).content?.['application/json']?.schema ?? {}

/** The members of an object, those of inner objects indented beneath. */
function shape(schema: Json, depth = 0): string {
  const { properties, items, required = [], anyOf, $ref } = (schema ?? {}) as Record<string, Json>
  if ($ref !== undefined) return `<p>${typeName(schema)}</p>`
  if (items !== undefined && properties === undefined) return shape(items, depth)
  if (anyOf !== undefined && depth < MOST_DEEP)
    return (anyOf as readonly Json[]).map((one) => shape(one, depth)).join('')
  if (properties === undefined || depth >= MOST_DEEP) return ''
  const rows = Object.entries(properties as JsonObject).map(([name, member]) => {
    const { description, $ref: target } = member as Record<string, Json>
    const optional = (required as readonly Json[]).includes(name) ? '' : ' <i>optional</i>'
    return `<tr><td><code>${escaped(name)}</code>${optional}</td><td>${typeName(member)}</td><td>${prose(description)}${target === undefined ? shape(member, depth + 1) : ''}</td></tr>`
  })
  return `<table><tbody>${rows.join('')}</tbody></table>`
}

const MOST_DEEP = 4

function typeName(schema: Json | undefined): string {
  const { $ref, type, items, anyOf, allOf, enum: values, const: only, format } = (schema ?? {}) as Record<string, Json>
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return `<a href="#schema-${escaped(name)}">${escaped(name)}</a>`
  }
  const union = anyOf ?? allOf
  if (union !== undefined) return [...new Set((union as readonly Json[]).map(typeName))].join(' or ')
  if (values !== undefined)
    return (values as readonly Json[]).map((value) => `<code>${escaped(value)}</code>`).join(' ')
  if (only !== undefined) return `<code>${escaped(only)}</code>`
  if (items !== undefined) return `list of ${typeName(items)}`
  if (Array.isArray(type)) return escaped(type.join(' or '))
  return escaped(format ?? type ?? 'anything')
}

const escaped = (value: Json | undefined): string =>
  String(value ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const prose = (value: Json | undefined): string => escaped(value).replace(/`([^`]+)`/g, '<code>$1</code>')

const STYLE = `
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:15rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;border-right:1px solid var(--line)}
nav h2{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;margin:1rem 0 .25rem}
nav ul{list-style:none;margin:0;padding:0}
main{padding:1rem 2rem 6rem;max-width:70rem}
section{border-top:1px solid var(--line);margin-top:2rem}
section h2{margin:1rem 0 .25rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
code{font:.9em ui-monospace,monospace}
table{border-collapse:collapse;width:100%}
td{border-top:1px solid var(--line);padding:.25rem .75rem .25rem 0;vertical-align:top;overflow-wrap:anywhere}
i{opacity:.7;font-size:.85em}
details{margin:.25rem 0}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto;border:0}main{padding:1rem}}
`
