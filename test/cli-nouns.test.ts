/** Every command of the API against a real server: what it sends is taken, what comes back parses, and its exit code tells. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandNamed, commands } from '../src/cli/commands.ts'
import { EXIT } from '../src/cli/exit-code.ts'
import { inside } from '../src/cli/pages.ts'
import { type CliSurroundings, runCli } from './cli-kit.ts'
import { type MailServer, type Receiver, startMailServer, startReceiver } from './receivers.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let turnpike: Turnpike
let mail: MailServer
let hook: Receiver
/** Words in braces stand for what an earlier reply said. */
const kept: Record<string, string> = {}
beforeAll(async () => {
  ;[mail, hook] = await Promise.all([startMailServer(), startReceiver()])
  const yaml = `
webhooks: { allow: ["127.0.0.1"] }
smtp: { url: "${mail.url}", from: "alerts@turnpike.test" }
`
  turnpike = await startTurnpike({ yaml })
  const body = { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }
  const reply = await turnpike.request('/v1/chat/completions', { body })
  Object.assign(kept, { hook: hook.url, generation: reply.headers.get('x-generation-id') ?? '' })
})
afterAll(async () => {
  await turnpike.close()
  await Promise.all([mail.close(), hook.close()])
})

const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare = '']) =>
    (double ?? single ?? bare).replace(/\{(\w+)\}/g, (_whole, name: string) => kept[name] ?? `no ${name}`),
  )

const run = (line: string, { env = {}, ...given }: CliSurroundings = {}) =>
  runCli(wordsOf(line), {
    ...given,
    env: { TURNPIKE_BASE_URL: turnpike.url, TURNPIKE_API_KEY: turnpike.operatorKey, ...env },
  })

/** In this order, each with what later ones need of its reply. */
const LINES: readonly (readonly [line: string, keep?: Readonly<Record<string, string>>])[] = [
  ['accounts create Ann --external-id ann --metadata tier=gold', { account: 'account.id' }],
  ['accounts list'],
  ['accounts get ann'],
  ['accounts balance ann'],
  ['accounts update ann --overdraft 2.50 --low-credit-threshold 1'],
  ['accounts freeze ann'],
  ['accounts reopen ann'],
  ['credits add 25 --account ann --category promotional', { grant: 'grantId' }],
  ['credits deduct 2.50 --account ann', { debit: 'transactionId' }],
  ['credits grants --account ann', { grant: 'grants.0.id' }],
  ['credits refund {debit} --amount 1 --reason goodwill'],
  ['credits totals'],
  ['plans create Pro --amount 50 --interval month --occurrences 12', { plan: 'plan.id' }],
  ['plans list'],
  ['plans assign {plan} --account ann'],
  ['plans archive {plan}'],
  ['reservations create 5 --account ann --ttl-seconds 600', { reservation: 'reservation.id' }],
  ['reservations list --account ann'],
  ['reservations get {reservation}'],
  ['reservations extend {reservation} --ttl-seconds 900'],
  ['reservations confirm {reservation} --actual-amount 0.85'],
  ['reservations create 1 --account ann', { other: 'reservation.id' }],
  ['reservations cancel {other}'],
  ['transactions create debit 3.20 --account ann --description "set-up fee"', { transaction: 'transaction.id' }],
  ['transactions list --type debit --usage missing'],
  ['transactions get {transaction} --include reservation,usage'],
  ['credits void {grant} --yes'],
  ['usage record --context system --model gpt-4o-mini --usage-type text --input-tokens 1200 --output-tokens 380'],
  ['usage list --model gpt-4o-mini'],
  ['usage summary'],
  ['usage report --group-by model,account --bucket month --status ok --status error'],
  ['usage activity'],
  ['generations list --status ok --usage-source reported'],
  ['generations get {generation}'],
  ['generations explain {generation}'],
  ['models list'],
  ['models get openai/gpt-4o-mini'],
  ['models count'],
  ['models endpoints openai/gpt-4o-mini'],
  ['models calculate gpt-4o-mini --input-tokens 1200 --output-tokens 380'],
  ['prices list --model openai/gpt-4o'],
  [`prices set simulator/openai/gpt-4o --lines '[{"meter":"input","priceUsd":"2"}]'`, { price: 'rateCard.id' }],
  ['prices withdraw {price}'],
  ['providers list'],
  ['system show'],
  ['generations in-flight'],
  ['endpoints list'],
  [
    'keys create "night job" --account ann --limit 5 --limit-reset monthly --allowed-models gpt-4o-mini --allowed-models anthropic/* --user night --metadata team=red --include-usage --expires-at 2099-01-01T00:00:00Z',
    { key: 'key.id' },
  ],
  ['keys list --name night --account ann --no-disabled'],
  ['keys get {key}'],
  ['keys update {key} --limit 8 --clear allowed-models --clear user --clear metadata --no-include-usage'],
  ['keys disable {key}'],
  ['keys enable {key}'],
  ['keys rotate {key} --grace-seconds 3600'],
  ['keys delete {key} --yes'],
  ['keys current'],
  ['budgets create monthly --scope organisation --metric usd --limit 500 --window month', { budget: 'budget.id' }],
  ['budgets list --scope organisation'],
  ['budgets get {budget}'],
  ['budgets update {budget} --limit 800 --thresholds 50 --thresholds 90'],
  ['budgets delete {budget} --yes'],
  [
    'credentials create simulator own --account ann --secret sk-of-a-customer-0123456789',
    { credential: 'credential.id' },
  ],
  ['credentials list --provider simulator'],
  ['credentials get {credential}'],
  ['credentials update {credential} --weight 3 --no-fallback'],
  ['credentials disable {credential}'],
  ['credentials enable {credential}'],
  ['credentials check {credential}'],
  ['credentials delete {credential} --yes'],
  ['management-keys create backoffice --role reader', { management: 'managementKey.id' }],
  ['management-keys list'],
  ['management-keys get {management}'],
  ['management-keys update {management} --name finance'],
  ['management-keys disable {management}'],
  ['management-keys rotate {management} --grace-seconds 60'],
  ['management-keys delete {management} --yes'],
  ['members invite ann@example.com --role reader', { member: 'member.id' }],
  ['members list'],
  ['members update {member} --role admin'],
  ['members remove {member} --yes'],
  ['members whoami'],
  ['setup-link'],
  ['organisations create Acme --time-zone Europe/Berlin', { organisation: 'organisation.id' }],
  ['organisations list'],
  ['organisations get {organisation}'],
  ['organisations update {organisation} --time-zone Asia/Kathmandu'],
  ['channels create webhook --endpoint {hook} --events credits.low --events budget.blocked', { channel: 'channel.id' }],
  ['channels create email --to ops@example.com --to ann@example.com'],
  ['channels create slack --endpoint {hook}/services/T000/B000/XXXX'],
  ['channels list'],
  ['channels get {channel}'],
  ['channels update {channel} --name operations --clear events'],
  ['channels enable {channel}'],
  ['channels test {channel}', { delivery: 'delivery.id' }],
  ['channels rotate-secret {channel}'],
  ['channels set-defaults --low-credit-threshold 5'],
  ['channels defaults'],
  ['deliveries list --channel-id {channel}'],
  ['deliveries resend {delivery}'],
  ['events list --type credits.low'],
  ['channels delete {channel} --yes'],
  ['audit list --action key --from 2020-01-01'],
  ['accounts close ann --yes'],
]

const rowOf = (line: string) =>
  commandNamed(...(wordsOf(`${line === 'setup-link' ? 'members ' : ''}${line}`) as [string, string]))

describe('with --json', () => {
  test('no command is left out', () => {
    const tried = new Set(LINES.map(([line]) => rowOf(line)))
    expect(commands.filter((row) => !tried.has(row)).map(({ noun, verb }) => `${noun} ${verb}`)).toEqual([])
  })

  test.each(LINES.map(([line, keep = {}]) => [line, keep] as const))('%s', async (line, keep) => {
    const { code, out, err } = await run(`${line} --json`)
    expect({ code, err }).toEqual({ code: EXIT.done, err: '' })
    const reply = JSON.parse(out)
    const { shows } = rowOf(line) ?? {}
    if (shows !== undefined) expect(inside(reply, shows)).toBeDefined()
    for (const [name, path] of Object.entries(keep)) {
      const value = inside(reply, path)
      if (typeof value === 'string') kept[name] = value
      expect(kept[name]).toEqual(expect.any(String))
    }
  })
})

describe('lists', () => {
  const lists = commands.filter(({ columns }) => columns)
  test.each(lists.map(({ noun, verb, examples }) => [`${noun} ${verb}`, examples] as const))(
    '%s is a table, CSV and a row a line',
    async (name) => {
      const place =
        name === 'models endpoints' ? ' openai/gpt-4o-mini' : name === 'credits grants' ? ' --account ann' : ''
      for (const output of ['', ' --csv', ' --ndjson', ' --all --limit 3']) {
        const { code, out, err } = await run(`${name}${place}${output}`)
        expect(code).toBe(EXIT.done)
        expect(`${out}${err}`).not.toMatch(/undefined|\[object|NaN/)
        if (output === ' --ndjson') for (const line of out.split('\n')) if (line !== '') JSON.parse(line)
      }
    },
  )
})

describe('what is shown once is called what it is', () => {
  test.each([
    ['keys create ann', /^sk-tp-[0-9a-f]{64}\n$/, 'key of "ann"'],
    ['management-keys create ops --role reader', /^mk-tp-[0-9a-f]{64}\n$/, 'key of "ops"'],
    ['members invite bob@example.com --role reader', /#token=/, 'invitation of "bob@example.com"'],
    ['members invite --role reader', /#token=/, 'invitation'],
    ['setup-link', /#token=/, 'link'],
    ['channels create webhook --endpoint {hook}', /^whsec_/, /^signing secret of "chan_\w+"$/],
  ])('%s', async (line, secret, name) => {
    const { code, out, err } = await run(line)
    expect(code).toBe(EXIT.done)
    expect(out).toMatch(secret)
    const [, called] = /^turnpike: this is the only time that the (.*) is shown\n$/.exec(err) ?? []
    expect(called).toEqual(typeof name === 'string' ? name : expect.stringMatching(name))
  })

  test.each(['channels create email --to ops@example.com', 'channels create slack --endpoint {hook}/x'])(
    '%s has no secret: the channel itself is shown',
    async (line) => {
      const { code, out, err } = await run(line)
      expect({ code, err }).toEqual({ code: EXIT.done, err: '' })
      expect(out).toMatch(/^id +chan_/m)
      expect(out).not.toContain('undefined')
    },
  )
})

describe('what a key is told on the command line holds', () => {
  test('models, defaults and tags, and the list finds it by its filters', async () => {
    const created = await run(
      'keys create narrow --allowed-models openai/gpt-4o-mini --user night --metadata team=red --include-usage --json',
    )
    const { key, secret } = JSON.parse(created.out)
    expect(key).toMatchObject({
      ...{ allowedModels: ['openai/gpt-4o-mini'], user: 'night', metadata: { team: 'red' }, includeUsage: true },
      lastUsedAt: null,
    })
    const call = (model: string) =>
      turnpike.request('/v1/chat/completions', {
        key: secret,
        body: { model, messages: [{ role: 'user', content: 'hi' }] },
      })
    expect((await call('openai/gpt-4o')).status).toBe(403)
    expect((await call('openai/gpt-4o-mini')).status).toBe(200)
    await run(`keys disable ${key.id}`)
    const listed = async (filters: string) =>
      JSON.parse((await run(`keys list ${filters} --json`)).out).keys.map(({ name }: { name: string }) => name)
    expect(await listed('--name narr --disabled')).toEqual(['narrow'])
    expect(await listed('--name narr --no-disabled')).toEqual([])
  })
})

describe('--columns focus', () => {
  test.each(['usage report --group-by model', 'generations list'])(
    '%s: the rows of the server, as CSV and NDJSON',
    async (line) => {
      const csv = await run(`${line} --columns focus --csv`)
      expect(csv).toMatchObject({ code: EXIT.done, err: '', out: expect.stringMatching(/^BilledCost,EffectiveCost,/) })
      const { code, out } = await run(`${line} --columns focus --ndjson`)
      expect([code, Object.keys(JSON.parse(out.split('\n')[0] ?? '')).slice(0, 2)]).toEqual([
        EXIT.done,
        ['BilledCost', 'EffectiveCost'],
      ])
      for (const other of ['', ' --json', ' --ndjson --limit 3']) {
        const refused = await run(`${line} --columns focus${other}`)
        expect(refused).toMatchObject({
          code: EXIT.usage,
          out: '',
          err: expect.stringContaining('--columns: goes with --csv, or with --ndjson'),
        })
      }
    },
  )
})

describe('the exit code says what kind of failure it was', () => {
  test.each([
    ['keys get key_0VYp3kQm5d41402abc4b', EXIT.notFound],
    ['channels get chan_0VCi7Jj6N5RDeKlMUkz9', EXIT.notFound],
    ['deliveries resend del_0VCi7Jj6N5RDeKlMUkz9', EXIT.notFound],
    ['credentials get cred_0VHDBUuGlA5c7ZBcUhQr', EXIT.notFound],
    ['budgets delete bud_7Qm2xV9kLr4TzB8nYc3W --yes', EXIT.notFound],
    ['members update mem_0VYp3kQm5d41402abc4b --role admin', EXIT.notFound],
    ['generations explain gen-1763949831-7hT2kQ9wXz4LmB6vN1cR', EXIT.notFound],
    ['usage report --from 2026-11-02 --to 2026-11-01', EXIT.usage],
    ['usage list --start-date 2026-11-02 --end-date 2026-11-01', EXIT.usage],
    ['audit list --from yesterday', EXIT.usage],
    ['budgets create x --scope organisation --metric usd --limit -1 --window month', EXIT.usage],
    ['channels create webhook --endpoint http://10.0.0.1/hook', EXIT.usage],
    ['members remove mem_0VYp3kQm5d41402abc4b', EXIT.usage],
  ] as const)('%s: %i', async (line, code) => {
    const { err, ...rest } = await run(line)
    expect(rest).toMatchObject({ code, out: '' })
    expect(err).toMatch(/^turnpike: \S/)
    expect((await run(line, { env: { TURNPIKE_API_KEY: turnpike.key } })).code).toBeGreaterThan(0)
  })

  test.each([
    'keys list',
    'channels list',
    'deliveries list',
    'events list',
    'audit list',
    'usage report',
    'credentials list',
  ])('%s with an API key is not allowed', async (line) => {
    expect((await run(line, { env: { TURNPIKE_API_KEY: turnpike.key } })).code).toBe(EXIT.notAllowed)
  })
})
