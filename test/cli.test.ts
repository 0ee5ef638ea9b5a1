/** The commands of the API, asked of a real server. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../src/cli/exit-code.ts'
import { type CliSurroundings, cliOn, runCli } from './cli-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
})
afterAll(() => turnpike.close())

const cli = cliOn(() => turnpike)

/** Runs it, expects it to go well, and gives the reply. */
async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await cli([...argv, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

const api = async (path: string): Promise<string> =>
  (await turnpike.request(path, { key: turnpike.operatorKey })).text()

let accounts = 0
async function newAccount(credits?: string): Promise<string> {
  const name = `cli-${accounts++}`
  await json('accounts', 'create', name, '--external-id', name)
  if (credits !== undefined) await json('credits', 'add', credits, '--account', name)
  return name
}

describe('each noun does its work', () => {
  test('members are invited, listed, given a role and removed, and the first link is made again', async () => {
    const invited = await cli(['members', 'invite', 'ann@example.com', '--role', 'reader'])
    expect(invited).toMatchObject({ code: 0, out: expect.stringMatching(/^http:\S+\/setup#token=[\w-]{43}\n$/) })
    const { members } = (await json('members', 'list')) as { members: { id: string }[] }
    expect(members).toMatchObject([{ email: 'ann@example.com', role: 'reader', status: 'invited' }])
    const id = members[0]?.id ?? ''
    expect(await json('members', 'update', id, '--role', 'admin')).toMatchObject({ member: { role: 'admin' } })
    expect(await json('members', 'remove', id, '--yes')).toEqual({ deleted: true })
    expect(await json('members', 'whoami')).toMatchObject({ session: { actor: 'operator', isOperator: true } })
    const link = await cli(['setup-link'])
    expect(link).toMatchObject({ code: 0, out: expect.stringMatching(/^http:\S+\/setup#token=[\w-]{43}\n$/) })
    expect((await cli(['setup-link', '--help'])).out).toContain('turnpike setup-link')
    expect((await cli(['--help'])).out).toMatch(/setup-link +make the link/i)
  })

  test('accounts are made, changed, frozen, reopened and closed, by either name', async () => {
    const made = await json(
      'accounts',
      'create',
      'Ann',
      '--external-id',
      'ann',
      '--metadata',
      'tier=gold',
      '--metadata',
      'a=b=c',
    )
    expect(made).toMatchObject({ account: { name: 'Ann', externalId: 'ann', metadata: { tier: 'gold', a: 'b=c' } } })
    const { id } = made.account as { id: string }
    expect(await json('accounts', 'get', 'ann')).toMatchObject({ id })
    expect(await json('accounts', 'get', id)).toMatchObject({ externalId: 'ann' })
    expect(await json('accounts', 'get', '--external-id', 'ann')).toMatchObject({ id })
    expect(await json('accounts', 'update', 'ann', '--overdraft', '2.50', '--email', 'a@example.com')).toMatchObject({
      ...{ overdraft: 2.5, email: 'a@example.com', name: 'Ann' },
    })
    expect(await json('accounts', 'update', id, '--clear', 'email')).toMatchObject({ email: null, overdraft: 2.5 })
    expect(await json('accounts', 'freeze', 'ann')).toMatchObject({ status: 'frozen' })
    expect(await json('accounts', 'reopen', 'ann')).toMatchObject({ status: 'open' })
    expect(await json('accounts', 'balance', 'ann')).toMatchObject({ balance: 0, available: 2.5 })
    expect(await json('accounts', 'close', 'ann', '--yes')).toMatchObject({ status: 'closed' })
  })

  test('credits are granted, taken, refunded and voided', async () => {
    const name = await newAccount()
    const added = await json('credits', 'add', '25.000000001', '--account', name, '--payment-id', `pay-${name}`)
    expect(added).toMatchObject({ decimal: { balance: '25.000000001' } })
    const taken = await json('credits', 'deduct', '5', '--account', name, '--description', 'paper')
    expect(taken).toMatchObject({ balance: 20.000000001 })
    const refund = await json('credits', 'refund', String(taken.transactionId), '--amount', '2', '--reason', 'kind')
    expect(refund).toMatchObject({ transaction: { kind: 'refund', amount: 2 } })
    expect(await json('credits', 'grants', '--account', name)).toMatchObject({ grants: [{ id: added.grantId }] })
    const voided = await json('credits', 'void', String(added.grantId), '--yes')
    expect(voided).toMatchObject({ balance: 0 })
    expect(await json('credits', 'totals')).toMatchObject({ data: { total_credits: expect.any(Number) } })
  })

  test('reservations are made, confirmed with their usage, cancelled and extended', async () => {
    const name = await newAccount('10')
    const make = async () => {
      const { reservation } = await json('reservations', 'create', '3', '--account', name, '--metadata', 'job=1')
      return (reservation as { id: string }).id
    }
    const [first, second] = [await make(), await make()]
    expect(await json('reservations', 'list', '--account', name, '--active-only')).toMatchObject({
      pagination: { totalCount: 2 },
    })
    expect(await json('reservations', 'extend', second, '--ttl-seconds', '900')).toMatchObject({
      reservationId: second,
    })
    const usage = JSON.stringify({ modelId: 'gpt-4o-mini', usageType: 'text', inputTokens: 10, outputTokens: 5 })
    const confirmed = await cli(
      ['reservations', 'confirm', first, '--actual-amount', '0.85', '--usage', '-', '--json'],
      {
        input: usage,
      },
    )
    expect(JSON.parse(confirmed.out)).toMatchObject({ charged: 0.85, usageRecords: [{ inputTokens: 10 }] })
    expect(await json('reservations', 'get', first)).toMatchObject({ reservation: { status: 'confirmed' } })
    expect(await json('reservations', 'cancel', second)).toMatchObject({ released: 3 })
  })

  test('transactions are posted, listed and shown', async () => {
    const name = await newAccount('10')
    const { transaction } = await json(
      'transactions',
      'create',
      'debit',
      '3.20',
      '--account',
      name,
      '--description',
      'fee',
    )
    const { id } = transaction as { id: string }
    expect(await json('transactions', 'get', id, '--include', 'usage')).toMatchObject({ transaction: { amount: 3.2 } })
    expect(await json('transactions', 'list', '--account', name, '--type', 'debit')).toMatchObject({ items: [{ id }] })
  })

  test('usage is recorded, listed and summed', async () => {
    const recorded = await json(
      ...['usage', 'record', '--context', 'system', '--model', 'gpt-4o-mini', '--usage-type', 'text'],
      ...['--input-tokens', '1200', '--output-tokens', '380', '--sequence', '1'],
    )
    expect(recorded).toMatchObject({ usageRecord: { inputTokens: 1200, decimal: { estimatedCostUsd: '0.000408' } } })
    expect(await json('usage', 'list', '--context', 'system')).toMatchObject({ usageRecords: [{ outputTokens: 380 }] })
    expect(await json('usage', 'summary', '--context', 'system')).toMatchObject({ summary: { totalInputTokens: 1200 } })
  })

  test('models are listed, shown, counted and calculated with', async () => {
    expect(await json('models', 'list', '--limit', '2')).toMatchObject({ data: [{}, {}] })
    expect(await json('models', 'get', 'openai/gpt-4o-mini')).toMatchObject({ data: { id: 'openai/gpt-4o-mini' } })
    expect(await json('models', 'endpoints', 'openai/gpt-4o-mini')).toMatchObject({ data: { endpoints: [{}] } })
    expect(await json('models', 'count')).toMatchObject({ data: { count: expect.any(Number) } })
    const cost = await json('models', 'calculate', 'gpt-4o-mini', '--input-tokens', '8', '--output-tokens', '9')
    expect(cost).toMatchObject({ decimal: { estimatedCostUsd: '0.0000066' } })
    expect(await json('providers', 'list')).toHaveProperty('data')
  })

  test('keys are made, shown, limited, disabled and deleted', async () => {
    const name = await newAccount()
    const { id } = (await json('accounts', 'get', name)) as { id: string }
    const made = await cli(['keys', 'create', 'dev', '--limit', '5', '--limit-reset', 'monthly', '--account', id])
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^sk-tp-[0-9a-f]{64}\n$/) })
    expect(made.err).toBe('turnpike: this is the only time that the key of "dev" is shown\n')
    const { keys } = (await json('keys', 'list')) as { keys: { hash: string; name: string }[] }
    const hash = keys.find((key) => key.name === 'dev')?.hash ?? ''
    expect(await json('keys', 'get', hash)).toMatchObject({ key: { limit: 5, externalId: name } })
    expect(await json('keys', 'update', hash, '--limit', '8')).toMatchObject({ key: { limit: 8 } })
    expect(await json('keys', 'update', hash, '--clear', 'limit')).toMatchObject({ key: { limit: null } })
    expect(await json('keys', 'disable', hash)).toMatchObject({ key: { disabled: true } })
    expect(await json('keys', 'enable', hash)).toMatchObject({ key: { disabled: false } })
    expect(await json('keys', 'delete', hash, '--yes')).toEqual({ deleted: true })
    expect(await json('keys', 'current')).toMatchObject({ data: { is_management_key: true } })
  })

  test('plans are made, assigned and archived', async () => {
    const name = await newAccount()
    const { plan } = (await json(
      'plans',
      'create',
      'Pro',
      '--amount',
      '50',
      '--interval',
      'month',
      '--no-accumulate',
    )) as {
      plan: { id: string }
    }
    expect(plan).toMatchObject({ credits: 50, accumulate: false })
    expect(await json('plans', 'assign', plan.id, '--account', name)).toMatchObject({ planId: plan.id })
    expect(await json('accounts', 'balance', name)).toMatchObject({ balance: 50 })
    expect(await json('plans', 'archive', plan.id)).toMatchObject({ plan: { isActive: false } })
    expect(await json('plans', 'list')).toMatchObject({ plans: [{ id: plan.id }] })
  })

  test('organisations and management keys are made', async () => {
    const made = await json('organisations', 'create', 'Acme', '--time-zone', 'Europe/Berlin')
    expect(made).toMatchObject({ organisation: { name: 'Acme', timeZone: 'Europe/Berlin' } })
    const key = await cli(['management-keys', 'create', 'backoffice', '--role', 'reader'])
    expect(key.out).toMatch(/^mk-tp-[0-9a-f]{64}\n$/)
  })

  test('a finished call is looked up with the key that made it', async () => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }
    const reply = await turnpike.request('/v1/chat/completions', { body })
    const id = reply.headers.get('x-generation-id') ?? ''
    const { code, out } = await cli(['generations', 'get', id], { env: { TURNPIKE_API_KEY: turnpike.key } })
    expect(code).toBe(0)
    expect(out).toMatch(/^total_cost +0\.0000066$/m)
  })
})

describe('output', () => {
  test('--json is the body of the API to the letter', async () => {
    const { out } = await cli(['accounts', 'list', '--json'])
    expect(out).toBe(`${await api('/v1/accounts')}\n`)
    const one = await cli(['accounts', 'get', 'demo', '--json'])
    expect(one.out).toBe(`${await api('/v1/accounts/get?externalId=demo')}\n`)
  })

  test('a table has the columns that matter and the exact money, and nothing but data', async () => {
    const name = await newAccount('0.000000001')
    const { out, err } = await cli(['credits', 'grants', '--account', name])
    expect(out).toMatch(/^id +external id +category +amount +remaining +status +expires at\n/)
    expect(out).toMatch(/ paid +0\.000000001 +0\.000000001 +active +—\n$/)
    expect(err).toBe('')
  })

  test('on a narrow terminal what people wrote gives way, and ids and amounts stay whole', async () => {
    const name = await newAccount('5')
    await json('credits', 'deduct', '1', '--account', name, '--description', 'a long story '.repeat(20))
    const list = ['transactions', 'list', '--account', name, '--type', 'debit', '--no-color']
    const narrow = (await cli(list, { width: 110 })).out
    expect(narrow).toMatch(/txn_\w{20} .* 4 {2}a long sto.*… {2}\d{4}-\S+Z\n$/)
    expect((await cli(list)).out).toContain('a long story '.repeat(20).trim())
  })

  test('colour is for a terminal alone, and can be refused', async () => {
    const coloured = async (argv: string[], given: CliSurroundings) => (await cli(argv, given)).out.includes('\u001b[')
    expect(await coloured(['accounts', 'list'], {})).toBe(false)
    expect(await coloured(['accounts', 'list'], { width: 80 })).toBe(true)
    expect(await coloured(['accounts', 'list', '--no-color'], { width: 80 })).toBe(false)
    expect(await coloured(['accounts', 'list'], { width: 80, env: { NO_COLOR: '1' } })).toBe(false)
  })

  test('what a customer wrote does not steer the terminal, nor a spreadsheet', async () => {
    const name = await newAccount('5')
    await json('credits', 'deduct', '1', '--account', name, '--description', '=HYPERLINK("x")')
    await json('credits', 'deduct', '1', '--account', name, '--description', 'red\u009b31m')
    const list = ['transactions', 'list', '--account', name, '--type', 'debit']
    expect((await cli(list)).out).toContain('red\ufffd31m')
    const { out } = await cli([...list, '--csv'])
    expect(out).toContain(`"'=HYPERLINK(""x"")"`)
    expect(out.split('\r\n')[0]).toMatch(
      /^id,accountId,externalId,type,kind,amount,amountUsd,balanceAfter,reservationId,description,/,
    )
  })

  test('a negative balance stays a number in a spreadsheet', async () => {
    const name = await newAccount('1')
    const { reservation } = await json('reservations', 'create', '1', '--account', name)
    await json('reservations', 'confirm', (reservation as { id: string }).id, '--actual-amount', '1.5')
    const { out } = await cli(['accounts', 'list', '--csv', '--all'])
    expect(out).toMatch(new RegExp(`,${name},${name},,-0\\.5,`))
  })

  test("--csv of usage is the server's own, every row of it", async () => {
    const { out } = await cli(['usage', 'list', '--csv'])
    const reply = await turnpike.request('/v1/usage', { key: turnpike.operatorKey, headers: { accept: 'text/csv' } })
    expect(out).toBe(await reply.text())
  })

  test('--out writes the data to a file and nothing to standard output', async () => {
    const { out, written } = await cli(['accounts', 'list', '--csv', '--out', 'accounts.csv'])
    expect(out).toBe('')
    expect(written.get('accounts.csv')).toMatch(/^id,developerId,/)
  })

  test('--ndjson is a document a row', async () => {
    const { out } = await cli(['accounts', 'list', '--ndjson'])
    expect((await cli(['accounts', 'list', '--jsonl'])).out).toBe(out)
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toEqual(JSON.parse(await api('/v1/accounts')).accounts)
  })

  test('an empty list says so beside the data', async () => {
    expect(await cli(['plans', 'list', '--limit', '1', '--account-typo'])).toMatchObject({ code: 2, out: '' })
    const name = await newAccount()
    expect(await cli(['reservations', 'list', '--account', name])).toMatchObject({
      ...{ code: 0, out: '', err: 'turnpike: no reservations\n' },
    })
  })
})

describe('long lists', () => {
  let name = ''
  const SIZE = 12
  const list = () => ['transactions', 'list', '--account', name, '--type', 'debit']
  const idsOf = (out: string) => [...out.matchAll(/txn_\w{20}/g)].map(([id]) => id)
  beforeAll(async () => {
    name = await newAccount('100')
    for (let i = 0; i < SIZE; i++) await json('credits', 'deduct', '1', '--account', name)
  })

  /** As if a page of the server had fewer rows. */
  const smallPages: typeof fetch = (input, init) => {
    const url = new URL(String(input))
    if (url.pathname === '/v1/transactions') url.searchParams.set('limit', '5')
    return fetch(url, init)
  }

  test('--limit stops and says what is left', async () => {
    const { out, err } = await cli([...list(), '--limit', '5'])
    expect(idsOf(out)).toHaveLength(5)
    expect(err).toBe(`turnpike: 5 of ${SIZE} shown; --all for the rest, or --limit\n`)
  })

  test.each([['--csv'], ['--ndjson'], ['--json'], ['--quiet']])('--all with %s shows every row once', async (form) => {
    const { out, err } = await cli([...list(), '--all', form], { fetch: smallPages })
    const rows = idsOf(out)
    expect(new Set(rows).size).toBe(SIZE)
    expect(rows).toHaveLength(SIZE)
    expect(err).toBe('')
  })

  test('--all with --json is one document with all rows in its list', async () => {
    const { out } = await cli([...list(), '--all', '--json'], { fetch: smallPages })
    const { items, pagination } = JSON.parse(out)
    expect(items).toEqual(JSON.parse(await api(`/v1/transactions?externalId=${name}&type=debit`)).items)
    expect(pagination).toBeUndefined()
  })

  test('a limit beyond a page takes as many pages as it needs', async () => {
    const { out } = await cli([...list(), '--limit', '7', '--ndjson'], { fetch: smallPages })
    expect(idsOf(out)).toHaveLength(7)
  })

  test('a list without cursors is walked by offset', async () => {
    const { data } = JSON.parse(await api('/api/v1/models?limit=1000'))
    const { out } = await cli(['models', 'list', '--all', '--ndjson'])
    expect(out.trimEnd().split('\n')).toHaveLength(data.length)
    const keys = await cli(['keys', 'list', '--all', '--ndjson'])
    expect(keys.out.trimEnd().split('\n')).toHaveLength(JSON.parse(await api('/api/v1/keys')).data.length)
  })
})

describe('what goes wrong', () => {
  const refusals: [string, string[], number, RegExp, CliSurroundings?][] = [
    [
      'an unknown thing',
      ['accounts', 'get', 'nobody'],
      EXIT.notFound,
      /^turnpike: Account not found\. \(account_not_found, request [0-9a-f]{32}\) See/,
    ],
    [
      'an unknown key',
      ['keys', 'get', 'f00'],
      EXIT.notFound,
      /No API key has this id or hash\. \(not_found, request [0-9a-f]{32}\)/,
    ],
    [
      'a key that is none',
      ['accounts', 'list'],
      EXIT.notAllowed,
      /\(invalid_api_key, request .* --key-file or TURNPIKE_API_KEY/,
      { env: { TURNPIKE_API_KEY: 'sk-tp-none' } },
    ],
    [
      'too little credit',
      ['credits', 'deduct', '1000', '--account', 'demo'],
      EXIT.refused,
      /insufficient_credits.*turnpike credits add/,
    ],
    ['a name that is taken', ['accounts', 'create', 'x', '--external-id', 'demo'], EXIT.failed, /external_id_taken/],
    [
      'an unknown model',
      ['models', 'calculate', 'gpt-99', '--input-tokens', '1', '--output-tokens', '1'],
      EXIT.usage,
      /unknown_model.*turnpike models list/,
    ],
  ]
  test.each(refusals)('%s is told in one line', async (_what, argv, code, message, given) => {
    const run = await cli(argv, given)
    expect(run.err).toMatch(message)
    expect(run.err.trimEnd().split('\n')).toHaveLength(1)
    expect({ code: run.code, out: run.out }).toEqual({ code, out: '' })
  })

  test('an API key may not administer, and the line says which may', async () => {
    const { code, err } = await cli(['credits', 'add', '5', '--account', 'demo'], {
      env: { TURNPIKE_API_KEY: turnpike.key },
    })
    expect(err).toMatch(/\(forbidden, request .*management key/)
    expect(code).toBe(EXIT.notAllowed)
  })

  test("the operator's key of the data folder steps in for an API key that may not administer", async () => {
    const env = { TURNPIKE_API_KEY: turnpike.key, TURNPIKE_DATA_DIR: '/d' }
    const files = { '/d/admin-key': `${turnpike.operatorKey}\n` }
    expect(await cli(['keys', 'list'], { env, files })).toMatchObject({ code: 0 })
    // What an API key may do is done with it.
    const { out } = await cli(['keys', 'current', '--json'], { env, files })
    expect(JSON.parse(out).data.is_management_key).toBe(false)
  })

  test("the operator's key of this machine goes to no other machine", async () => {
    const given = { env: { TURNPIKE_DATA_DIR: '/d' }, files: { '/d/admin-key': turnpike.operatorKey } }
    expect(await runCli(['keys', 'list', '--url', 'http://turnpike.example.com'], given)).toMatchObject({
      ...{ code: EXIT.notAllowed, out: '', err: expect.stringContaining('is not sent to http://turnpike.example.com') },
    })
  })

  test('all that is wrong with what was typed is told before any request', async () => {
    const sent: unknown[] = []
    const given = {
      fetch: (async (...args: unknown[]) => {
        sent.push(args)
        return new Response()
      }) as typeof fetch,
    }
    const { code, err } = await cli(
      ['credits', 'add', '12,50', '--account', 'demo', '--priority', 'high', '--metadata', 'x'],
      given,
    )
    expect(err).toBe('turnpike: --metadata: expected name=value; found "x"\n')
    const more = await cli(
      ['credits', 'add', '1e3', '--account', 'demo', '--priority', 'high', '--expires-at', 'soon'],
      given,
    )
    expect(more.err.split('\n').slice(0, 3)).toEqual([
      'turnpike: <amount>: expected an amount above 0 with at most 9 decimals, e.g. 12.5 or "12.5"; found "1e3"',
      'turnpike: --priority: expected a whole number; found "high"',
      'turnpike: --expires-at: expected an instant, e.g. 2026-11-20T09:00:00Z; found "soon"',
    ])
    const missing = await cli(['accounts', 'create', 'x'], given)
    expect(missing.err).toBe('turnpike: --external-id is missing: expected text\n')
    expect([code, more.code, missing.code]).toEqual([EXIT.usage, EXIT.usage, EXIT.usage])
    expect(sent).toEqual([])
  })

  test('what destroys is asked for, and without a person wants --yes', async () => {
    const name = await newAccount()
    const close = ['accounts', 'close', name]
    expect(await cli(close)).toMatchObject({
      code: EXIT.usage,
      err: expect.stringContaining('Say --yes if that is meant'),
    })
    expect(await cli([...close, '--no-input'], { answer: name })).toMatchObject({ code: EXIT.usage })
    expect(await cli(close, { answer: 'other' })).toMatchObject({ code: EXIT.failed, out: '' })
    expect(await json('accounts', 'get', name)).toMatchObject({ status: 'open' })
    expect(await cli(close, { answer: name })).toMatchObject({ code: EXIT.done })
    expect(await json('accounts', 'get', name)).toMatchObject({ status: 'closed' })
  })

  test('--dry-run shows the request, money as it was typed, and changes nothing', async () => {
    const name = await newAccount()
    const { out } = await cli(['credits', 'add', '0.10', '--account', name, '--dry-run'])
    expect(out).toBe(`POST ${turnpike.url}/v1/accounts/credits/add\n{"amount":"0.10","externalId":"${name}"}\n`)
    expect(await json('accounts', 'balance', name)).toMatchObject({ balance: 0 })
  })

  test('a word that would lead elsewhere in the path is refused', async () => {
    for (const hash of ['..', '.'])
      expect(await cli(['keys', 'delete', hash, '--yes'])).toMatchObject({ code: EXIT.usage, out: '' })
    expect(await cli(['keys', 'get', 'a/../b'])).toMatchObject({ code: EXIT.notFound })
  })
})

describe('repeats', () => {
  test('a key that is given acts once, however often the command is run', async () => {
    const name = await newAccount()
    const add = ['credits', 'add', '5', '--account', name, '--idempotency-key', `once-${name}`, '--json']
    expect((await cli(add)).out).toBe((await cli(add)).out)
    expect(await json('accounts', 'balance', name)).toMatchObject({ balance: 5 })
    const other = await cli(['credits', 'add', '6', '--account', name, '--idempotency-key', `once-${name}`])
    expect(other).toMatchObject({
      code: EXIT.failed,
      err: expect.stringMatching(/idempotency_key_mismatch.*another --idempotency-key/),
    })
  })

  test('an answer that was lost is asked for again under the same key, and the money moves once', async () => {
    const name = await newAccount()
    const keys: (string | null)[] = []
    const losing: typeof fetch = async (input, init) => {
      const reply = await fetch(input, init)
      keys.push(new Headers(init?.headers).get('idempotency-key'))
      if (keys.length < 3) throw new TypeError('fetch failed')
      return reply
    }
    const { code, waitedMs } = await cli(['credits', 'add', '5', '--account', name], { fetch: losing })
    expect(code).toBe(0)
    expect(new Set(keys).size).toBe(1)
    expect(waitedMs).toHaveLength(2)
    expect(await json('accounts', 'balance', name)).toMatchObject({ balance: 5 })
  })

  test('what could act twice is not repeated', async () => {
    let calls = 0
    const lost = (async () => {
      calls++
      throw new TypeError('fetch failed')
    }) as typeof fetch
    const { code, err } = await cli(['keys', 'create', 'x'], { fetch: lost })
    expect(code).toBe(EXIT.unreachable)
    expect(err).toMatch(/Whether it was done is not known: look before you do it again\n$/)
    expect(calls).toBe(1)
    expect(await cli(['keys', 'list'], { fetch: lost })).toMatchObject({ code: EXIT.unreachable })
    expect(calls).toBe(1 + 4)
  })

  test('a server that is not there is told with its address, and what to do', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => probe.once('listening', resolve))
    const url = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`
    await new Promise((resolve) => probe.close(resolve))
    expect(await cli(['accounts', 'list', '--url', url])).toMatchObject({
      ...{
        code: EXIT.unreachable,
        out: '',
        err: `turnpike: no Turnpike answers at ${url}. Start it, or name its address with --url\n`,
      },
    })
  })

  test('what answers and is no Turnpike is told as such', async () => {
    const page = (async () => new Response('<html>', { status: 200 })) as typeof fetch
    expect(await cli(['accounts', 'list'], { fetch: page })).toMatchObject({
      code: EXIT.failed,
      err: expect.stringMatching(/not what this command expects/),
    })
    const elsewhere = (async () => new Response('', { status: 302, headers: { location: 'http://x' } })) as typeof fetch
    expect(await cli(['accounts', 'list'], { fetch: elsewhere })).toMatchObject({
      code: EXIT.failed,
      err: expect.stringMatching(/status 302/),
    })
  })

  test('while the first request with the key still runs, the command waits for it', async () => {
    let calls = 0
    const running: typeof fetch = (input, init) => {
      const first = { error: { code: 'idempotency_in_progress', message: 'still running' } }
      if (calls++ > 0) return fetch(input, init)
      return Promise.resolve(Response.json(first, { status: 409, headers: { 'retry-after': '1' } }))
    }
    const { code, waitedMs } = await cli(['credits', 'add', '1', '--account', 'demo'], { fetch: running })
    expect({ code, waitedMs }).toEqual({ code: 0, waitedMs: [1_000] })
  })

  test('503 with a hint is waited for as long as the hint says', async () => {
    let calls = 0
    const busy: typeof fetch = (input, init) =>
      calls++ === 0
        ? Promise.resolve(new Response('{}', { status: 503, headers: { 'retry-after': '2' } }))
        : fetch(input, init)
    const { code, waitedMs } = await cli(['accounts', 'list'], { fetch: busy })
    expect(code).toBe(0)
    expect(waitedMs).toEqual([2_000])
  })
})
