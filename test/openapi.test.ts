/** The OpenAPI document and what is made of it: complete, consistent, served, and committed as it is generated. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sdkFiles } from '../scripts/generate-sdk.ts'
import { errorRow } from '../src/contract/errors.ts'
import { type JsonObject, openApiDocument } from '../src/contract/openapi.ts'
import { COMMON_ERRORS, type Operation } from '../src/contract/operation.ts'
import { operations } from '../src/contract/operations.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const document = openApiDocument(operations)
const table = operations as readonly Operation[]
const entries = Object.values(document.paths).flatMap((methods) => Object.values(methods))

test.each(Object.keys(sdkFiles))('%s is as it is generated', (path) => {
  expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(sdkFiles[path]?.())
})

test('every operation and every alias is documented once, under a name of its own', () => {
  const ids = entries.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBe(table.reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, 0))
  expect(ids).toEqual(expect.arrayContaining(table.map(({ name }) => name)))
})

test('every operation has a sentence', () => {
  for (const { summary } of entries) expect(summary).toMatch(/^[A-Z].{5,}$/)
})

test.each(table.map((operation) => [operation.name, operation] as const))(
  '%s announces every code under its status, and who may call it',
  (name, { errors, dialect }) => {
    const entry = entries.find(({ operationId }) => operationId === name)
    const responses = entry?.responses as Readonly<Record<string, { description: string }>>
    for (const code of [...COMMON_ERRORS, ...errors]) {
      const { status, openrouterStatus = status } = errorRow(code)
      const own = dialect === 'openrouter' ? openrouterStatus : status
      expect(responses[String(own)]?.description).toContain(`\`${code}\`: `)
    }
    expect(entry?.security).toEqual([{ bearer: [] }, { apiKeyHeader: [] }, { session: [] }])
  },
)

test('every reference leads to a component, and every parameter of a path is described', () => {
  const text = JSON.stringify(document)
  const targets = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
  expect(targets.length).toBeGreaterThan(20)
  for (const name of targets) expect(document.components.schemas).toHaveProperty(name)
  expect(text).not.toContain('$defs')
  for (const [path, methods] of Object.entries(document.paths))
    for (const { parameters } of Object.values(methods)) {
      const described = (parameters as readonly JsonObject[]).filter((each) => each.in === 'path')
      expect(described.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
})

describe('a server', () => {
  let turnpike: Turnpike
  beforeAll(async () => {
    turnpike = await startTurnpike()
  })
  afterAll(() => turnpike.close())

  test('serves the document without a key', async () => {
    const reply = await fetch(`${turnpike.url}/openapi.json`)
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await reply.json()).toEqual(JSON.parse(JSON.stringify(document)))
  })

  test('serves a page of reference that names every operation and needs no script and no other host', async () => {
    const reply = await fetch(`${turnpike.url}/docs`)
    const page = await reply.text()
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'")
    for (const { name, path } of table) {
      expect(page).toContain(`<section id="${name}">`)
      expect(page).toContain(`<code>${path.replace('*}', '}')}</code>`)
    }
    expect(page).not.toMatch(/<script|src=|https?:\/\/|@import|url\(/)
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target}"`)
  })
})
