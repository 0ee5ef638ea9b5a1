import { describe, expect, test } from 'vitest'
import type { StartOptions } from './environment.ts'
import { faultLine } from './fault.ts'
import { loadSettings } from './settings.ts'

type Given = { yaml?: string; env?: Record<string, string>; args?: StartOptions; name?: string }

function load({ yaml, env = {}, args = {}, name = 'turnpike.yaml' }: Given) {
  const readFile = (path: string) => {
    if (yaml !== undefined && path === `/srv/${name}`) return yaml
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  }
  return loadSettings({ env, args, readFile, cwd: '/srv' })
}

function settingsOf(given: Given) {
  const loaded = load(given)
  if ('faults' in loaded) throw new Error(loaded.faults.map(faultLine).join('\n'))
  return loaded.settings
}

function linesOf(given: Given): string[] {
  const loaded = load(given)
  return 'faults' in loaded ? loaded.faults.map(faultLine) : []
}

const ACME = 'providers:\n  acme: { baseUrl: "http://127.0.0.1:9901/v1" }\n'
const model = (endpoint: string) => `${ACME}models:\n  - id: acme/one\n    endpoints:\n      - ${endpoint}\n`

describe('defaults', () => {
  test('nothing at all is a complete set of settings, answered by the simulator', () => {
    expect(settingsOf({})).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      dataDir: './data',
      simulator: 'auto',
      simulatorActive: true,
      logLevel: 'info',
      unpriced: 'refuse',
      billing: { creditUsd: '1', byokFeePercent: '5', markupPercent: '0', zeroCompletionInsurance: true },
      limits: { streamSeconds: 3600, attempts: 5, bodyBytes: 33_554_432, budgetStatus: 429 },
      reservations: { ttlSeconds: 300, graceSeconds: 60, mode: 'strict', fitShare: '0.25' },
      nodes: { leaseSeconds: 30, settleWaitSeconds: 10 },
      webhooks: { allow: [] },
      openrouter: { usageChunkChoices: 'repeat' },
      trustProxy: false,
      cors: { origins: ['*'] },
    })
    expect(settingsOf({})).not.toHaveProperty('portAskedBy')
  })

  test('an empty file and sections without content change nothing', () => {
    expect(settingsOf({ yaml: '' })).toEqual({ ...settingsOf({}), file: 'turnpike.yaml' })
    expect(settingsOf({ yaml: 'models:\nproviders:\nlimits:\n  # attempts: 3\n' }).limits.attempts).toBe(5)
  })

  test('a group that sets one value keeps the defaults of the others', () => {
    expect(settingsOf({ yaml: 'limits: { attempts: 2 }' }).limits).toMatchObject({ attempts: 2, connectSeconds: 5 })
  })
})

describe('the environment', () => {
  test('an option wins over its variable, and TURNPIKE_PORT over PORT', () => {
    expect(settingsOf({ env: { PORT: '1' } })).toMatchObject({ port: 1, portAskedBy: 'PORT' })
    expect(settingsOf({ env: { PORT: '1', TURNPIKE_PORT: '0' } })).toMatchObject({
      port: 0,
      portAskedBy: 'TURNPIKE_PORT',
    })
    const args = { port: '3', host: '::1', dataDir: '/x' }
    expect(settingsOf({ env: { TURNPIKE_PORT: '2', TURNPIKE_HOST: 'h' }, args })).toMatchObject({
      port: 3,
      portAskedBy: '--port',
      host: '::1',
      dataDir: '/x',
    })
  })

  test('an empty variable counts as not set', () => {
    expect(settingsOf({ env: { TURNPIKE_PORT: '', TURNPIKE_ADMIN_KEY: '', TURNPIKE_CONFIG: '' } }).port).toBe(8787)
  })

  test('all faults of the environment are told at once, and none shows a secret', () => {
    const env = {
      TURNPIKE_PORT: 'abc',
      TURNPIKE_ADMIN_KEY: 'short-secret',
      TURNPIKE_SIMULATOR: 'maybe',
      TURNPIKE_LOG_LEVEL: 'loud',
      TURNPIKE_DATABASE_URL: 'mysql://root:hunter2@db/x',
    }
    const lines = linesOf({ env })
    expect(lines).toEqual([
      'turnpike: TURNPIKE_PORT: expected a port from 0 to 65535; found "abc"',
      'turnpike: TURNPIKE_DATABASE_URL: expected an address that begins with postgres://; found another kind of address',
      'turnpike: TURNPIKE_ADMIN_KEY: expected at least 24 visible characters without blanks; found 12',
      'turnpike: TURNPIKE_SIMULATOR: expected one of auto, on, off; found "maybe"',
      'turnpike: TURNPIKE_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent; found "loud"',
    ])
  })

  test.each(['65536', '-1', '8787.0', '1e3', ' 80', '0x50'])('%j is no port', (port) => {
    expect(linesOf({ args: { port } })[0]).toContain('--port: expected a port from 0 to 65535')
  })

  test('the address that Kubernetes puts into TURNPIKE_PORT is explained', () => {
    expect(linesOf({ env: { TURNPIKE_PORT: 'tcp://10.0.0.1:8787' } })[0]).toContain('enableServiceLinks: false')
  })

  test('a file that was asked for must be there; the usual one may be missing', () => {
    expect(linesOf({ env: { TURNPIKE_CONFIG: 'x.yaml' } })).toEqual([
      'turnpike: TURNPIKE_CONFIG names "x.yaml", which does not exist',
    ])
    expect(linesOf({ args: { config: 'x.yaml' } })).toEqual(['turnpike: --config names "x.yaml", which does not exist'])
    expect(settingsOf({ yaml: 'limits: { attempts: 1 }', name: 'x.yaml', args: { config: 'x.yaml' } }).file).toBe(
      'x.yaml',
    )
  })
})

describe('providers', () => {
  test('a key in the environment brings its provider, and ends the simulator', () => {
    const settings = settingsOf({ env: { ANTHROPIC_API_KEY: 'sk-ant', GEMINI_API_KEY: 'g' } })
    expect([...settings.providers.values()]).toEqual([
      {
        key: 'anthropic',
        name: 'Anthropic',
        type: 'anthropic',
        baseUrl: 'https://api.anthropic.com',
        apiKey: 'sk-ant',
        reading: 'anthropic',
        onCancel: 'abort',
        origin: 'environment',
      },
      {
        key: 'google',
        name: 'Google',
        type: 'gemini',
        baseUrl: 'https://generativelanguage.googleapis.com',
        apiKey: 'g',
        reading: 'google',
        onCancel: 'drain',
        origin: 'environment',
      },
    ])
    expect(settings.simulatorActive).toBe(false)
    expect(settingsOf({ env: { OPENAI_API_KEY: 'k', TURNPIKE_SIMULATOR: 'on' } }).simulatorActive).toBe(true)
    expect(settingsOf({ env: { TURNPIKE_SIMULATOR: 'off' } }).simulatorActive).toBe(false)
  })

  test('a provider of the file is completed from its preset, and its name is its key as written', () => {
    const yaml = 'providers:\n  Acme: { preset: groq, baseUrl: "http://127.0.0.1:1/v1/", apiKey: k }\n'
    expect(settingsOf({ yaml }).providers.get('Acme')).toEqual({
      key: 'Acme',
      name: 'Acme',
      type: 'openai',
      baseUrl: 'http://127.0.0.1:1/v1',
      apiKey: 'k',
      reading: 'groq',
      onCancel: 'drain',
      origin: 'file',
    })
  })

  test("a vendor's key from the environment never goes to another address", () => {
    const env = { OPENAI_API_KEY: 'sk-real' }
    const named = settingsOf({ yaml: 'providers:\n  openai: { onCancel: drain }\n', env }).providers.get('openai')
    expect(named).toMatchObject({ apiKey: 'sk-real', baseUrl: 'https://api.openai.com/v1', onCancel: 'drain' })
    const elsewhere = settingsOf({ yaml: 'providers:\n  openai: { baseUrl: "http://evil.example/v1" }\n', env })
    expect(elsewhere.providers.get('openai')).not.toHaveProperty('apiKey')
  })

  test('a provider without an address is a fault, unless the simulator stands for it', () => {
    expect(linesOf({ yaml: 'providers:\n  acme: { type: openai }\n' })).toEqual([
      'turnpike: turnpike.yaml:2:3  providers.acme.baseUrl is missing: expected an http or https address, e.g. http://127.0.0.1:8000/v1',
    ])
    expect(settingsOf({ yaml: 'providers:\n  sim: { type: simulator }\n' }).providers.get('sim')?.baseUrl).toBe('')
  })

  test('names that mean something to JavaScript are names like any other, or refused', () => {
    const yaml = 'providers:\n  constructor: { baseUrl: "http://h/v1" }\n  toString: { baseUrl: "http://h/v1" }\n'
    expect([...settingsOf({ yaml }).providers.keys()]).toEqual(['constructor', 'toString'])
    expect(linesOf({ yaml: 'providers:\n  __proto__: { apiKey: x }\n' })).toEqual([
      'turnpike: turnpike.yaml:2:3  unknown setting `__proto__`',
    ])
    expect(Object.hasOwn(Object.prototype, 'apiKey')).toBe(false)
  })

  test('an endpoint that names a provider which is not there is told what to do', () => {
    expect(linesOf({ yaml: model('{ provider: acmee, model: m }') })).toEqual([
      'turnpike: turnpike.yaml:6:21  unknown provider `acmee`; did you mean `acme`?',
    ])
    expect(linesOf({ yaml: model('{ provider: openai, model: m }') })[0]).toContain(
      'provider `openai` has no key; set OPENAI_API_KEY',
    )
    const env = { TURNPIKE_SIMULATOR: 'on' }
    expect(linesOf({ yaml: model('{ provider: openai, model: m }'), env })).toEqual([])
  })
})

describe('faults of the file', () => {
  test('an unknown setting is told with its place and the one that was meant', () => {
    const yaml = `# turnpike.yaml\nproviders:\n  acme:\n    type: openai\n    preset: x-ai\n    baseURL: http://127.0.0.1:1/v1\n    apiKey: \${ACME_KEY}\n`
    expect(linesOf({ yaml })).toEqual([
      'turnpike: turnpike.yaml:6:5  unknown setting `baseURL`; did you mean `baseUrl`?',
      `turnpike: turnpike.yaml:7:13  \${ACME_KEY} is not set and has no default; set it, or write \${ACME_KEY:-none}`,
    ])
  })

  test('an unknown setting that resembles none is told what there is', () => {
    expect(linesOf({ yaml: 'nodes: { lifespan: 3 }' })).toEqual([
      'turnpike: turnpike.yaml:1:10  unknown setting `lifespan`; known here: leaseSeconds, settleWaitSeconds',
    ])
  })

  test('a price that is no decimal text is refused, a YAML number as well', () => {
    const prices = (input: string) =>
      `${ACME}models:\n  - id: acme/one\n    endpoints:\n      - provider: acme\n        model: m\n        prices:\n          input: ${input}\n`
    const expected = 'models[0].endpoints[0].prices.input: expected USD per million tokens, e.g. "0.20"; found'
    const lead = `turnpike: turnpike.yaml:9:18  ${expected}`
    expect(linesOf({ yaml: prices('"-0.2"') })).toEqual([`${lead} "-0.2"`])
    expect(linesOf({ yaml: prices('0.20') })).toEqual([`${lead} 0.20 (put it in quotes)`])
    expect(linesOf({ yaml: prices('"2e-1"') })).toEqual([`${lead} "2e-1"`])
    expect(linesOf({ yaml: prices('[1]') })).toEqual([`${lead} a list`])
    expect(linesOf({ yaml: prices('"0.20"') })).toEqual([])
    expect(linesOf({ yaml: prices(`"${'9'.repeat(400)}"`) })[0]).toMatch(/found "9{60}…"$/)
  })

  test('all faults come at once, from top to bottom', () => {
    const yaml = [
      'limits: { attempts: many, atempts: 2 }',
      'billing: { creditUsd: "3", markupPercent: 10 }',
      'models:',
      '  - id: a/b',
      '    endpoints: [{ provider: nobody, model: m, prices: { input: "1" }, rateCard: { lines: [] } }]',
      '  - { id: c/d, aliases: [a/b] }',
    ].join('\n')
    expect(linesOf({ yaml, env: { TURNPIKE_PORT: 'x' } })).toEqual([
      'turnpike: TURNPIKE_PORT: expected a port from 0 to 65535; found "x"',
      'turnpike: turnpike.yaml:1:21  limits.attempts: expected a whole number from 1 to 50; found "many"',
      'turnpike: turnpike.yaml:1:27  unknown setting `atempts`; did you mean `attempts`?',
      'turnpike: turnpike.yaml:2:23  billing.creditUsd: expected USD for one credit: 1, 2 or 5 times a power of ten, "0.000001" to "1000"; found "3"',
      'turnpike: turnpike.yaml:2:43  billing.markupPercent: expected a percentage from 0 to 1000000 in quotes, e.g. "12.5"; found 10 (put it in quotes)',
      'turnpike: turnpike.yaml:5:29  unknown provider `nobody`; describe it under `providers`',
      'turnpike: turnpike.yaml:5:81  an endpoint has either `prices` or a `rateCard`, not both',
      'turnpike: turnpike.yaml:5:90  models[0].endpoints[0].rateCard.lines: expected a list of 1 to 500; found a list',
      'turnpike: turnpike.yaml:6:5  models[1].endpoints is missing: expected a list of 1 to 50',
      'turnpike: turnpike.yaml:6:26  `a/b` already names the model `a/b`',
    ])
  })

  test('a file that is wrong all over is told the first hundred faults, and how many more', () => {
    const lines = linesOf({ yaml: Array.from({ length: 150 }, (_, i) => `zz${i}: 1`).join('\n') })
    expect(lines).toHaveLength(101)
    expect(lines[0]).toContain('unknown setting `zz0`')
    expect(lines[100]).toBe('turnpike: and 50 more faults')
  })

  test('a secret in a fault is never shown', () => {
    const yaml = `providers:\n  acme: { baseUrl: "http://u:hunter2@h/v1", apiKey: 12345 }\nsmtp: { url: "http://u:hunter2@h", from: a@b }\nunpriced: \${SECRET}\n`
    const lines = linesOf({ yaml, env: { SECRET: 'hunter2' } })
    expect(lines).toHaveLength(4)
    expect(lines.join('\n')).not.toMatch(/hunter2|12345/)
    expect(lines[3]).toContain(`unpriced: expected one of refuse, allow; found the value of \${SECRET}`)
  })

  test('sign-in by a provider is told whole: who it is, over TLS, and no way in is left out', () => {
    const issuer = 'an https address without password or query (http on loopback alone)'
    for (const [yaml, fault] of [
      [
        '{ password: false }',
        '1:9  signIn: expected oidc where password is false, or nobody could sign in; found a group of settings',
      ],
      [
        '{ oidc: { issuer: "https://a.example", clientSecret: s } }',
        '1:11  signIn.oidc.clientId is missing: expected text of 1 to 500 characters',
      ],
      [
        '{ oidc: { issuer: "https://a.example", clientId: c } }',
        '1:11  signIn.oidc.clientSecret is missing: expected a key of at most 4096 visible characters without blanks',
      ],
      [
        '{ oidc: { issuer: "http://a.example", clientId: c, clientSecret: s } }',
        `1:27  signIn.oidc.issuer: expected ${issuer}; found "http://a.example"`,
      ],
      [
        '{ oidc: { issuer: "http://127.0.0.1.a.example", clientId: c, clientSecret: s } }',
        `1:27  signIn.oidc.issuer: expected ${issuer}; found "http://127.0.0.1.a.example"`,
      ],
      [
        '{ oidc: { issuer: "https://a.example", clientId: c, clientSecret: s, scopes: [openid] } }',
        '1:86  signIn.oidc.scopes: expected a list with openid and email in it; found a list',
      ],
      [
        '{ oidc: { issuer: "https://a.example", clientId: c, clientSecret: s, nam: x } }',
        '1:78  unknown setting `nam`; did you mean `name`?',
      ],
    ])
      expect(linesOf({ yaml: `signIn: ${yaml}\n` })).toEqual([`turnpike: turnpike.yaml:${fault}`])
    const oidc = 'signIn: { oidc: { issuer: "https://a.example", clientId: c, clientSecret: s } }\n'
    const env = { TURNPIKE_HOST: '0.0.0.0' }
    expect(linesOf({ yaml: oidc, env })).toEqual([
      'turnpike: turnpike.yaml:1:17  signIn.oidc needs `publicUrl`, the address that the provider sends people back to',
    ])
    expect(settingsOf({ yaml: `${oidc}publicUrl: https://t.example\n`, env }).host).toBe('0.0.0.0')
    for (const host of ['https://a.example/realms/x', 'http://localhost:9000', 'http://127.0.0.1:1', 'http://[::1]:1'])
      expect(
        settingsOf({ yaml: `signIn: { oidc: { issuer: "${host}", clientId: c, clientSecret: s } }\n` }).signIn,
      ).toMatchObject({
        ...{ password: true, oidc: { issuer: host, name: 'single sign-on', scopes: ['openid', 'email', 'profile'] } },
      })
  })

  test('control characters of the file do not reach the terminal', () => {
    const lines = linesOf({ yaml: '"a\\e[31m\\u202e\\x9b": 1\nunpriced: "\\e[2J"\n' })
    lines.push(...linesOf({ yaml: 'a: *b\u009b\u202e\n' }), ...linesOf({ yaml: 'a: !\u009b\u202e x\n' }))
    expect(lines).toHaveLength(5)
    expect(lines.join('')).not.toMatch(/[\p{C}]/u)
  })

  test('a provider name that cannot stand in a header or a path is refused', () => {
    expect(linesOf({ yaml: 'providers:\n  "a b": { type: simulator }\n' })).toEqual([
      'turnpike: turnpike.yaml:2:3  providers.a b: expected a provider name of letters, digits, ".", "_" and "-"',
    ])
  })

  test('a whole that is no group, or a file that is a list, is told as such', () => {
    expect(linesOf({ yaml: '- a\n' })).toEqual([
      'turnpike: turnpike.yaml:1:1  turnpike.yaml: expected a group of settings; found a list',
    ])
    expect(linesOf({ yaml: 'limits: 3\n' })).toEqual([
      'turnpike: turnpike.yaml:1:9  limits: expected a group of settings; found 3',
    ])
  })

  test('a number or a flag may come from a variable where the setting wants one', () => {
    const yaml = `billing:\n  zeroCompletionInsurance: \${INSURED}\nnodes:\n  leaseSeconds: \${LEASE:-45}\n`
    const settings = settingsOf({ yaml, env: { INSURED: 'false' } })
    expect(settings.nodes.leaseSeconds).toBe(45)
    expect(settings.billing.zeroCompletionInsurance).toBe(false)
  })

  test('a key made of digits stays text when it comes from a variable', () => {
    const yaml = `providers:\n  acme:\n    baseUrl: http://h/v1\n    apiKey: \${K}\n`
    expect(settingsOf({ yaml, env: { K: '123456' } }).providers.get('acme')?.apiKey).toBe('123456')
  })
})

test('the origin of every value is known', () => {
  const loaded = load({
    yaml: `providers:\n  acme:\n    baseUrl: http://h/v1\n    apiKey: \${K:-none}\n`,
    env: { PORT: '1', OPENAI_API_KEY: 'k' },
  })
  const origins = 'origins' in loaded ? loaded.origins : new Map()
  expect(origins.get('providers.acme.apiKey')).toBe(`turnpike.yaml:4:13 \${K}`)
  expect(origins.get('providers.openai.apiKey')).toBe('OPENAI_API_KEY')
  expect(origins.get('providers.openai.baseUrl')).toBe('preset openai')
  expect(origins.get('port')).toBe('PORT')
  expect(origins.get('limits.attempts')).toBeUndefined()
})
