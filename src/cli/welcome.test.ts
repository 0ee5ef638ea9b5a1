import { expect, test } from 'vitest'
import { type FirstStart, firstStartLines, laterStartLines } from './welcome.ts'

const url = 'http://127.0.0.1:8787'
const first: FirstStart = {
  version: '0.1.0',
  store: 'SQLite ./data/turnpike.db',
  zone: 'UTC',
  url,
  providers: [],
  simulatorActive: true,
  catalogue: '2026-11-20',
  demoKey: 'sk-tp-1f3c',
  adminKeyFile: './data/admin-key',
  model: 'gpt-4o-mini',
}
const vendors = [
  { name: 'OpenAI', origin: 'environment' },
  { name: 'xAI', origin: 'file' },
  { name: 'Anthropic', origin: 'environment' },
] as const

test('the first start shows where everything is, the key, and one line to paste', () => {
  const links = { dashboard: url, setupLink: `${url}/setup#token=7Q2F`, reference: `${url}/docs` }
  expect(firstStartLines({ ...first, ...links })).toEqual([
    'Turnpike 0.1.0 · SQLite ./data/turnpike.db (new) · zone UTC · catalogue 2026-11-20',
    "No provider key in the environment: the simulator answers for every model, at that model's real prices. No money moves.",
    '  Dashboard   http://127.0.0.1:8787/setup#token=7Q2F    works once, for 15 minutes; again: turnpike setup-link',
    '  API         http://127.0.0.1:8787/v1  ·  http://127.0.0.1:8787/api/v1 (OpenRouter)  ·  http://127.0.0.1:8787 (Anthropic)',
    '  Reference   http://127.0.0.1:8787/docs',
    '  Demo key    sk-tp-1f3c                                of account "demo", 25 USD of promotional credit; shown this once',
    '  Operator    key in ./data/admin-key (0600)',
    '  Try: curl http://127.0.0.1:8787/v1/chat/completions -H "Authorization: Bearer sk-tp-1f3c" -H "Content-Type: application/json" \\',
    `    -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"usage":{"include":true}}'`,
  ])
})

test('what does not exist is not mentioned', () => {
  const { adminKeyFile, ...rest } = first
  const text = firstStartLines(rest).join('\n')
  expect(adminKeyFile).toBeDefined()
  expect(text).not.toMatch(/Dashboard|setup|Reference|Operator/)
})

test('the line to paste holds the whole key, and survives a quote in the model name', () => {
  const demoKey = `sk-tp-${'a1'.repeat(32)}`
  const [curl, body] = firstStartLines({ ...first, demoKey, model: "o'model" }).slice(-2)
  expect(curl).toContain(`Bearer ${demoKey}"`)
  expect(body).toContain(`"o'\\''model"`)
})

test('a later start shows no key, and how to make one', () => {
  const lines = laterStartLines({
    ...first,
    zone: 'Europe/Berlin',
    providers: vendors,
    simulatorActive: false,
    dashboard: url,
    reference: `${url}/docs`,
    interrupted: { calls: 2, chargeUsd: '0.0031' },
  })
  expect(lines).toEqual([
    'Turnpike 0.1.0 · SQLite ./data/turnpike.db · zone Europe/Berlin',
    'Settled 2 calls that the last stop interrupted (estimated, $0.0031).   Providers: OpenAI, Anthropic (environment), xAI (turnpike.yaml)',
    '  Dashboard   http://127.0.0.1:8787         API   http://127.0.0.1:8787/v1         Reference   http://127.0.0.1:8787/docs',
    '  New key: turnpike keys create NAME        New dashboard link: turnpike setup-link',
  ])
})

test('a later start without a dashboard has nothing of it, and says nothing of calls when none was interrupted', () => {
  const lines = laterStartLines({
    ...first,
    command: 'npm run -s turnpike --',
    interrupted: { calls: 0, chargeUsd: '0' },
  })
  expect(lines.slice(2)).toEqual([
    '  API   http://127.0.0.1:8787/v1',
    '  New key: npm run -s turnpike -- keys create NAME',
  ])
  expect(lines[1]).toMatch(/^No provider key/)
})

test('while nobody owns the organisation a later start prints a fresh link', () => {
  const lines = laterStartLines({ ...first, dashboard: url, setupLink: `${url}/setup#token=new` })
  expect(lines[2]).toBe(
    '  Dashboard   http://127.0.0.1:8787/setup#token=new    works once, for 15 minutes; again: turnpike setup-link',
  )
  expect(lines[3]).toBe('  API   http://127.0.0.1:8787/v1')
})

test('one interrupted call is one call', () => {
  const lines = laterStartLines({ ...first, interrupted: { calls: 1, chargeUsd: '0.1' } })
  expect(lines[1]).toContain('Settled 1 call that')
})

test('who answers is never left open', () => {
  const second = (more: Partial<FirstStart>) => firstStartLines({ ...first, ...more })[1]
  expect(second({ providers: vendors, simulatorActive: true, file: 'a.yaml' })).toBe(
    'The simulator is on beside the providers OpenAI, Anthropic (environment), xAI (a.yaml).',
  )
  expect(second({ simulatorActive: false })).toBe(
    'No provider is configured and the simulator is off: no model can be called.',
  )
})
