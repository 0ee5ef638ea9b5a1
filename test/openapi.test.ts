/** The OpenAPI document and what is made of it: complete, consistent, served, and committed as it is generated. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sdkFiles } from '../scripts/generate-sdk.ts'
import { errorRow } from '../src/contract/errors.ts'
import { CALL_ERRORS, COUNT_ERRORS, type ModelCall, modelCalls } from '../src/contract/model-calls.ts'
import { type JsonObject, openApiDocument } from '../src/contract/openapi.ts'
import { COMMON_ERRORS, type Operation } from '../src/contract/operation.ts'
import { operations } from '../src/contract/operations.ts'
import { callExamples } from './call-examples.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const document = openApiDocument(operations, modelCalls)
const table = operations as readonly Operation[]
const calls: readonly ModelCall[] = modelCalls
const entries = Object.values(document.paths).flatMap((methods) => Object.values(methods))

test.each(Object.keys(sdkFiles))('%s is as it is generated', (path) => {
  expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(sdkFiles[path]?.())
})

test('every operation, every alias and every model call on both mounts is documented once, under a name of its own', () => {
  const ids = entries.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBe(table.reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, calls.length * 2))
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

test.each(calls.map((call) => [call.name, call] as const))('%s announces the errors of a model call', (_name, call) => {
  for (const [mount, status] of [
    ['/v1', 'status'],
    ['/api/v1', 'openrouterStatus'],
  ] as const) {
    const responses = document.paths[`${mount}/${call.path}`]?.post?.responses as Record<
      string,
      { description: string }
    >
    for (const code of [...COMMON_ERRORS, ...(call.free ? COUNT_ERRORS : CALL_ERRORS)]) {
      const row = errorRow(code)
      const own = call.errorsOf === 'anthropic' ? (row.anthropicStatus ?? row.status) : (row[status] ?? row.status)
      expect(responses[String(own)]?.description).toContain(`\`${code}\`: `)
    }
  }
})

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

type Replies = Readonly<Record<string, { headers?: JsonObject }>>

const SOMETIMES: ReadonlySet<string> = new Set(['X-Turnpike-Output-Limit', 'X-Turnpike-Ignored'])

describe('a server', () => {
  let turnpike: Turnpike
  beforeAll(async () => {
    turnpike = await startTurnpike()
  })
  afterAll(() => turnpike.close())

  test.each(modelCalls.map(({ name }) => name))('answers %s on both mounts as it is documented', async (name) => {
    const call = calls.find((each) => each.name === name)
    for (const [index, mount] of ['/v1', '/api/v1'].entries()) {
      const reply = await turnpike.request(`${mount}/${call?.path}`, { body: callExamples[name] })
      const text = await reply.text()
      expect(reply.status, text).toBe(200)
      if (call?.type === undefined) call?.results[index]?.parse(JSON.parse(text))
      else expect(text.length).toBeGreaterThan(0)
      expect(call?.body.safeParse(callExamples[name]).error).toBeUndefined()
      const replies = document.paths[`${mount}/${call?.path}`]?.post?.responses as Replies | undefined
      const always = Object.keys(replies?.['200']?.headers ?? {}).filter((header) => !SOMETIMES.has(header))
      expect(always.filter((header) => !reply.headers.has(header))).toEqual([])
    }
  })

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
    const behind = calls.flatMap(({ name, path }) => [
      { name, path: `/v1/${path}` },
      { name, path: `/api/v1/${path}` },
    ])
    for (const { name, path } of [...table, ...behind]) {
      expect(page).toContain(`<section id="${name}">`)
      expect(page).toContain(`<code>${path.replace('*}', '}')}</code>`)
    }
    expect(page).not.toMatch(/<script|src=|https?:\/\/|@import|url\(/)
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target}"`)
  })
})
