/** The dashboard as it is served: one page for its paths, files that are kept, no other host, and no path of anybody else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountDashboard } from '../src/api/dashboard.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PATHS = [
  ...['/', '/login', '/setup', '/usage', '/requests', '/requests/gen-1-x', '/keys', '/budgets', '/accounts'],
  ...['/accounts/acc_1', '/alerts', '/models', '/settings', '/usage?range=7d'],
]

let folder: string
let built: FastifyInstance
let turnpike: Turnpike
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-dashboard-'))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><script type="module" src="/assets/index-abc123.js"></script>',
  )
  writeFileSync(join(folder, 'assets/index-abc123.js'), 'console.log(1)')
  writeFileSync(join(folder, 'assets/.secret'), 'no')
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  built = Fastify()
  mountDashboard(built, folder)
  await built.ready()
  turnpike = await startTurnpike()
})
afterAll(async () => {
  await built.close()
  await turnpike.close()
  rmSync(folder, { recursive: true, force: true })
})

test.each(PATHS)('%s is the page, asked for anew each time', async (path) => {
  const { statusCode, headers, body } = await built.inject(path)
  expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
    ...[200, 'text/html; charset=utf-8', 'no-cache'],
  ])
  expect(body).toContain('/assets/index-abc123.js')
})

test('files with a hash in their name are kept for ever, others for an hour', async () => {
  const script = await built.inject('/assets/index-abc123.js')
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(script.headers['content-type']).toMatch(/javascript/)
  const icon = await built.inject('/favicon.svg')
  expect([icon.statusCode, icon.headers['cache-control']]).toEqual([200, 'public, max-age=3600'])
})

test('scripts come from this server alone, and no other page may hold this one', async () => {
  for (const path of ['/', '/assets/index-abc123.js']) {
    const { headers } = await built.inject(path)
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/default-src 'none'; script-src 'self';/)
    expect(policy).toMatch(/frame-ancestors 'none'/)
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  }
})

test.each([
  '/assets/',
  '/assets/none.js',
  '/assets/.secret',
  '/assets/../index.html',
  '/assets/..%2f..%2fpackage.json',
  '/nothing',
  '/usage/x',
  '/index.html',
])('%s is no path of the dashboard', async (path) => {
  expect((await built.inject(path)).statusCode).toBe(404)
})

test('until it is built, its paths say how to build it', async () => {
  const empty = Fastify()
  mountDashboard(empty, join(folder, 'none'))
  const { statusCode, body, headers } = await empty.inject('/usage')
  expect([statusCode, headers['cache-control']]).toEqual([503, 'no-cache'])
  expect(body).toContain('npm run dashboard')
  // Whoever builds it need not start again.
  mkdirSync(join(folder, 'none'))
  writeFileSync(join(folder, 'none/index.html'), 'built')
  expect((await empty.inject('/usage')).body).toBe('built')
  await empty.close()
})

test('the server serves it beside the reference and the API, and what nobody serves is not found in their words', async () => {
  const get = async (path: string) => fetch(`${turnpike.url}${path}`)
  const page = await get('/')
  expect([200, 503]).toContain(page.status)
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect((await get('/docs')).headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'unsafe-inline'/,
  )
  for (const path of ['/nothing', '/assets/none.js', '/v1/nothing', '/api/admin/nothing']) {
    const reply = await get(path)
    expect([path, reply.status, (await reply.json()) as unknown]).toEqual([
      ...[path, 404],
      { error: expect.objectContaining({ code: 'not_found' }), request_id: expect.any(String) },
    ])
  }
  expect((await get('/v1/models')).status).toBe(401)
})
