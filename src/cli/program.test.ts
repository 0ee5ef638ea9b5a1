import { describe, expect, test } from 'vitest'
import { CannotGoOn, EXIT } from './exit-code.ts'
import { type ProgramParts, runProgram } from './program.ts'

type Run = { code: number; out: string; err: string; calls: unknown[] }

async function run(
  argv: string[],
  { env = {}, terminal = false, yaml, ...more }: Given & Pick<Partial<ProgramParts>, 'start' | 'verify'> = {},
): Promise<Run> {
  const seen: Run = { code: -1, out: '', err: '', calls: [] }
  const called = (name: string) => async (options: object) => {
    seen.calls.push([name, { ...options }])
    return EXIT.done
  }
  seen.code = await runProgram(argv, {
    version: '1.2.3',
    env,
    cwd: '/srv',
    readFile: () => {
      if (yaml !== undefined) return yaml
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    },
    stdout: (text) => {
      seen.out += text
    },
    stderr: (text) => {
      seen.err += text
    },
    start: called('start'),
    doctor: called('doctor'),
    verify: called('verify'),
    backup: called('backup'),
    migrateStore: called('migrate-store'),
    call: called('call'),
    ...more,
    terminal: { stdout: terminal, stderr: terminal },
  })
  return seen
}
type Given = { env?: Record<string, string>; terminal?: boolean; yaml?: string }

describe('commands', () => {
  test('start hands on its options as they were typed', async () => {
    const { code, calls } = await run([
      'start',
      '--port',
      '0',
      '--host',
      '::1',
      '--config',
      'x.yaml',
      '--data-dir',
      '/d',
    ])
    expect(calls).toEqual([['start', { port: '0', host: '::1', config: 'x.yaml', dataDir: '/d' }]])
    expect(code).toBe(0)
  })

  test('backup names its file, and proves what it copied unless told not to', async () => {
    expect((await run(['backup', 'x.db'])).calls).toEqual([['backup', { file: 'x.db', quick: false }]])
    const { calls } = await run(['backup', 'x.db', '--quick', '--data-dir', '/d'])
    expect(calls).toEqual([['backup', { file: 'x.db', quick: true, dataDir: '/d' }]])
    expect((await run(['backup'])).code).toBe(2)
  })

  test('migrate-store goes from the SQLite file to the database of the settings where nothing else is said', async () => {
    expect((await run(['migrate-store'])).calls).toEqual([['migrate-store', { from: 'sqlite', to: 'postgres' }]])
    const { calls } = await run(['migrate-store', '--from', 'sqlite:/x.db', '--to', 'postgres://db/t'])
    expect(calls).toEqual([['migrate-store', { from: 'sqlite:/x.db', to: 'postgres://db/t' }]])
  })

  test('verify repairs only when asked', async () => {
    expect((await run(['verify'])).calls).toEqual([['verify', { repair: false, json: false }]])
    expect((await run(['verify', '--repair', '--json'])).calls).toEqual([['verify', { repair: true, json: true }]])
  })

  test('keys create takes a name and a limit', async () => {
    const { calls } = await run(['keys', 'create', 'dev', '--limit', '5', '--limit-reset', 'monthly'])
    expect(calls).toEqual([
      [
        'call',
        {
          row: expect.objectContaining({ noun: 'keys', verb: 'create', operation: 'createApiKey' }),
          env: {},
          args: ['dev'],
          options: expect.objectContaining({ limit: '5', 'limit-reset': 'monthly', account: undefined }),
        },
      ],
    ])
  })

  test('the exit code of an action is that of the command', async () => {
    expect((await run(['verify'], { verify: async () => EXIT.failed })).code).toBe(1)
  })

  test('an action that cannot go on says why in a line of its own', async () => {
    const start = async () => {
      throw new CannotGoOn('one\ntwo', EXIT.unreachable)
    }
    expect(await run(['start'], { start })).toMatchObject({ code: 6, out: '', err: 'turnpike: one\nturnpike: two\n' })
  })

  test('a bug is not taken for a mistake of the person', async () => {
    const start = async () => {
      throw new TypeError('bug')
    }
    await expect(run(['start'], { start })).rejects.toThrow('bug')
  })
})

describe('usage', () => {
  test('the version goes to standard output', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n', err: '' })
  })

  test.each([
    [['-h']],
    [['start', '-h']],
    [['verify', '--help']],
    [['config', '-h']],
    [['config', 'print', '-h']],
    [['keys', 'create', '-h']],
    [['keys', '-h']],
    [['completion', '-h']],
    [['help']],
    [['help', 'credits']],
    [['help', 'credits', 'add']],
    [['help', 'grants', 'list']],
  ])('help of %j begins with examples', async (argv) => {
    const { code, out, err } = await run(argv)
    expect(out).toMatch(/^Examples:\n {2}turnpike /)
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  test.each([
    [['strat'], "unknown command 'strat'\n(Did you mean start?)"],
    [['acounts', 'list'], "unknown command 'acounts'\n(Did you mean accounts?)"],
    [['accounts', 'lst'], "unknown command 'lst'\n(Did you mean list?)"],
    [['credits', 'add', '5', '--acount', 'x'], "unknown option '--acount'\n(Did you mean --account?)"],
    [['start', '--prot', '1'], "unknown option '--prot'\n(Did you mean --port?)"],
    [['start', 'now'], 'too many arguments'],
    [['start', '--port'], "option '--port <port>' argument missing"],
    [['keys', 'create'], "missing required argument 'name'"],
  ])('wrong usage %j ends with 2 on standard error alone', async (argv, message) => {
    const { code, out, err } = await run(argv)
    expect(err).toContain(`turnpike: ${message}`)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  test('no command at all shows the help, on standard error, and ends with 2', async () => {
    for (const argv of [[], ['config'], ['keys']]) {
      const { code, out, err } = await run(argv)
      expect(err).toContain('Usage: turnpike')
      expect({ code, out }).toEqual({ code: 2, out: '' })
    }
  })

  test('colour is for terminals, unless it is asked for or refused', async () => {
    const coloured = async (argv: string[], given: Given) => (await run(argv, given)).out.includes('\u001b[')
    expect(await coloured(['-h'], {})).toBe(false)
    expect(await coloured(['-h'], { terminal: true })).toBe(true)
    expect(await coloured(['-h'], { terminal: true, env: { NO_COLOR: '1' } })).toBe(false)
    expect(await coloured(['-h'], { terminal: true, env: { TERM: 'dumb' } })).toBe(false)
    expect(await coloured(['-h'], { env: { FORCE_COLOR: '1' } })).toBe(true)
    expect(await coloured(['start', '-h', '--no-color'], { terminal: true, env: { FORCE_COLOR: '1' } })).toBe(false)
  })
})

describe('completion', () => {
  test.each([
    [['acc'], 'accounts'],
    [['credits', ''], 'add deduct grants void refund totals'],
    [['credits', 'add', '5', '--cat'], '--category'],
    [['credits', 'add', '5', '--category', ''], 'paid promotional adjustment'],
    [['credits', 'add', '5', '--category', 'pro'], 'promotional'],
    [['usage', 'list', '--si'], '--since'],
    [['verify', '--re'], '--repair'],
    [['config', ''], 'check print'],
    [['credits', 'add', '5', '--account', ''], ''],
    [['nonsense', 'x'], ''],
    [['completion', 'p'], 'powershell'],
  ])('of %j: %s', async (words, offered) => {
    const { code, out, err } = await run(['complete', '--', ...words])
    expect({ code, err, offered: out.trimEnd().split('\n').join(' ') }).toEqual({ code: 0, err: '', offered })
  })

  test('a shell that drops empty words says the one that is typed by itself', async () => {
    const offered = async (...words: string[]) =>
      (await run(['complete', ...words])).out.trimEnd().split('\n').join(' ')
    expect(await offered('--typed=', '--', 'config')).toBe('check print')
    expect(await offered('--typed=pr', '--', 'config')).toBe('print')
    expect(await offered('--typed=--cat', '--', 'credits', 'add', '5')).toBe('--category')
  })

  test.each([['bash'], ['zsh'], ['fish'], ['powershell']])(
    'there is a script for %s, which asks anew',
    async (shell) => {
      const { code, out, err } = await run(['completion', shell])
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out).toMatch(/turnpike complete ("--typed=\$wordToComplete" )?-- /)
    },
  )

  test('for a shell that is not known is refused', async () => {
    expect(await run(['completion', 'tcsh'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('bash') })
  })
})

describe('config', () => {
  const yaml = `providers:\n  acme:\n    baseUrl: http://h/v1\n    apiKey: \${K}\nsmtp: { url: "smtp://u:hunter2@mail", from: a@b }\nsignIn:\n  oidc: { issuer: "https://idp", clientId: c, clientSecret: "\${K}" }\n`
  const env = {
    K: 'hunter2',
    TURNPIKE_DATABASE_URL: 'postgres://u:hunter2@db/t?sslpassword=hunter2',
    TURNPIKE_ADMIN_KEY: 'hunter2'.repeat(4),
  }

  test('check tells all faults and ends with 2', async () => {
    const { code, out, err } = await run(['config', 'check'], { yaml: 'limit: 1\nnode: 2\n' })
    expect(err).toBe(
      'turnpike: turnpike.yaml:1:1  unknown setting `limit`; did you mean `limits`?\n' +
        'turnpike: turnpike.yaml:2:1  unknown setting `node`; did you mean `nodes`?\n',
    )
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect((await run(['config', 'print'], { yaml: 'limit: 1\n' })).code).toBe(2)
  })

  test('check says what is in order', async () => {
    expect(await run(['config', 'check'], { yaml, env })).toMatchObject({
      code: 0,
      out: '',
      err: 'turnpike: turnpike.yaml and the environment are in order: 1 provider, 0 models\n',
    })
  })

  test('print shows each value with its origin', async () => {
    const { code, out } = await run(['config', 'print', '--data-dir', '/d'], { yaml, env })
    expect(code).toBe(0)
    expect(out).toMatch(/^limits\.attempts +5 +default$/m)
    expect(out).toMatch(/^providers\.acme\.baseUrl +"http:\/\/h\/v1" +turnpike\.yaml:3:14$/m)
    expect(out).toMatch(/^providers\.acme\.apiKey +"\*\*\*" +turnpike\.yaml:4:13 \$\{K\}$/m)
    expect(out).toMatch(/^dataDir +"\/d" +--data-dir$/m)
    expect(out).toMatch(/^adminKey +"\*\*\*" +TURNPIKE_ADMIN_KEY$/m)
  })

  test('print never shows a secret, as a table or as JSON', async () => {
    for (const argv of [
      ['config', 'print'],
      ['config', 'print', '--json'],
    ]) {
      const { out, err } = await run(argv, { yaml, env })
      expect(out).toContain('postgres://u:***@db/t?***')
      expect(out + err).not.toContain('hunter2')
    }
  })

  test('print as JSON is one document', async () => {
    const rows: unknown = JSON.parse((await run(['config', 'print', '--json'], { yaml, env })).out)
    expect(rows).toContainEqual({ setting: 'nodes.leaseSeconds', value: 30, origin: 'default' })
  })
})
