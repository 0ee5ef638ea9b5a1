/** The commands that move and show money, to the letter: their help, their rows for a spreadsheet, their exit codes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../src/cli/exit-code.ts'
import { cliOn } from './cli-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let turnpike: Turnpike
/** A confirmed reservation of Ann's. */
let reservation: string
/** What it was charged by. */
let transaction: string

beforeAll(async () => {
  turnpike = await startTurnpike()
  await done('accounts', 'create', 'Ann', '--external-id', 'ann', '--metadata', 'tier=gold')
  await done('credits', 'add', '25', '--account', 'ann', '--priority', '7', '--expires-at', '2099-01-01T00:00:00Z')
  const made = await done('reservations', 'create', '3', '--account', 'ann', '--json')
  reservation = JSON.parse(made).reservation.id
  const confirmed = await done('reservations', 'confirm', reservation, '--actual-amount', '1.50', '--json')
  transaction = JSON.parse(confirmed).transactionId
  const counts = ['--model', 'gpt-4o', '--usage-type', 'text', '--input-tokens', '1200', '--output-tokens', '380']
  const whose = ['--context', 'customer', '--account', 'ann', '--transaction', transaction]
  await done('usage', 'record', ...whose, ...counts, '--description', '=1+1, "x"')
})
afterAll(() => turnpike.close())

const cli = cliOn(() => turnpike)
async function done(...argv: string[]): Promise<string> {
  const { code, out, err } = await cli(argv)
  expect({ argv, code, err }).toEqual({ argv, code: EXIT.done, err: '' })
  return out
}
/** Without what differs from run to run. */
const steady = (text: string): string =>
  text
    .replace(/\b(acc|res|txn|usage|grant)_[0-9A-Za-z]{20}\b/g, '$1_*')
    .replace(/\b20(?!99)\d\d-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/request [0-9a-f]{32}/g, 'request *')

describe('help', () => {
  test.each([
    ['accounts', 'create list get balance update freeze reopen close'],
    ['credits', 'add deduct grants void refund totals'],
    ['reservations', 'create list get confirm cancel extend'],
    ['transactions', 'list get create'],
    ['usage', 'record list summary report activity'],
    ['models', 'list get count endpoints calculate'],
  ])('of %s has an example of each verb, then the verbs: %s', async (noun, verbs) => {
    const { code, out } = await cli([noun, '--help'])
    const [head = '', tail = ''] = out.split('\nUsage: ')
    expect(code).toBe(EXIT.done)
    const examples = [...head.matchAll(/^ {2}turnpike (\S+) (\S+)/gm)].map(([, ...words]) => words.join(' '))
    const own = verbs.split(' ')
    expect(head).toMatch(/^Examples:\n/)
    expect(new Set(examples)).toEqual(new Set(examples.filter((each) => own.includes(each.split(' ')[1] ?? ''))))
    const [, listed = ''] = tail.split('\nCommands:\n')
    expect([...listed.matchAll(/^ {2}(\S+)/gm)].map(([, verb]) => verb)).toEqual(own)
  })

  test('of a verb is examples, usage, arguments, options', async () => {
    const { code, out, err } = await cli(['reservations', 'create', '--help'])
    expect({ code, err }).toEqual({ code: EXIT.done, err: '' })
    expect(out.split('\nOutput:')[0]).toBe(`Examples:
  turnpike reservations create 5 --account user_456 --ttl-seconds 600 --metadata job=42

Usage: turnpike reservations create [options] <amount>

Set credits aside before the work

Arguments:
  amount                   Credits to set aside, above 0. (required)

Options:
  --account <account>      The account: its id, or your own name for it.
  --external-id <text>     The account, by your own name for it.
  --ttl-seconds <number>   Seconds from now.
  --operation <text>       What it is for; stands in the metadata.
  --model <text>           The model that it is for; stands in the metadata.
  --metadata <name=value>  Yours: kept and shown, never read. May be repeated.
  -h, --help               display help for command
`)
  })
})

describe('rows for a spreadsheet', () => {
  const ACCOUNTS =
    'id,developerId,externalId,name,email,balance,metadata,status,overage,overdraft,reserveMode,lowCreditThreshold,createdAt,updatedAt'
  const RESERVATIONS = 'id,accountId,externalId,amount,status,createdAt,expiresAt,transactionId,metadata'
  const GRANTS =
    'id,accountId,externalId,category,amount,remaining,reserved,priority,effectiveAt,expiresAt,status,createdAt'
  const TRANSACTIONS =
    'id,accountId,externalId,type,kind,amount,amountUsd,balanceAfter,reservationId,description,metadata,createdAt'
  const USAGE =
    'id,context,accountId,externalId,transactionId,modelId,usageType,inputTokens,outputTokens,cachedTokens,cacheWriteTokens,reasoningTokens,audioDurationSeconds,characters,images,estimatedCostUsd,chargeUsd,usageSource,sequence,description,metadata,occurredAt,createdAt'

  test.each([
    [
      ['accounts', 'list'],
      ACCOUNTS,
      [
        'acc_*,default,ann,Ann,,23.5,"{""tier"":""gold""}",open,charge,0,,,TIME,TIME',
        'acc_*,default,demo,demo,,25,,open,charge,0,,,TIME,TIME',
      ],
    ],
    [['reservations', 'list'], RESERVATIONS, ['res_*,acc_*,ann,3,confirmed,TIME,TIME,txn_*,{}']],
    [
      ['credits', 'grants', '--account', 'ann'],
      GRANTS,
      ['grant_*,acc_*,ann,paid,25,23.5,0,7,TIME,2099-01-01T00:00:00.000Z,active,TIME'],
    ],
    [
      ['transactions', 'list', '--account', 'ann'],
      TRANSACTIONS,
      ['txn_*,acc_*,ann,debit,usage,1.5,1.5,23.5,res_*,,,TIME', 'txn_*,acc_*,ann,credit,grant,25,25,25,,,,TIME'],
    ],
    [
      ['usage', 'list'],
      USAGE,
      ['usage_*,customer,acc_*,ann,txn_*,gpt-4o,text,1200,380,0,0,0,,,,0.0068,,reported,,"\'=1+1, ""x""",,TIME,TIME'],
    ],
  ])('of %j are these', async (argv, head, rows) => {
    const whole = steady(await done(...argv, '--csv'))
    expect(whole).toBe([head, ...rows, ''].join('\r\n'))
    const { out, err } = await cli([...argv, '--csv', '--limit', '1'])
    expect(steady(out)).toBe([head, ...rows.slice(0, 1), ''].join('\r\n'))
    expect(err).toMatch(rows.length > 1 ? /^turnpike: 1 (of 2 )?shown; --all for the rest, or --limit\n$/ : /^$/)
  })

  test('of models are of those that are asked for', async () => {
    const [head = '', first = '', rest] = (await cli(['models', 'list', '--csv', '--limit', '1'])).out.split('\r\n')
    expect(head).toMatch(/^id,canonical_slug,name,created,context_length,architecture,pricing,/)
    expect([first.split(',')[0], rest]).toEqual(['simulator/sentences', ''])
  })
})

describe('ranges of time', () => {
  const idsOf = (out: string) => out.match(/\btxn_\w{20}/g) ?? []
  const list = (...more: string[]) => cli(['transactions', 'list', '--account', 'ann', ...more])

  test.each([['15m'], ['24h'], ['7d'], ['today'], ['this-month']])(
    '--since %s lists what came since',
    async (since) => {
      const { out, err } = await list('--since', since)
      expect(idsOf(out)).toContain(transaction)
      expect(err).toMatch(/^turnpike: from 20\S+Z on(, by the clock of UTC)?\n$/)
    },
  )

  test.each([['yesterday'], ['last-month']])('--since %s ends with it', async (since) => {
    const { code, out, err } = await list('--since', since, '--tz', 'Asia/Kathmandu')
    expect({ code, out }).toEqual({ code: EXIT.done, out: '' })
    expect(err).toMatch(/turnpike: from 20\S+T18:15:00.000Z to 20\S+T18:15:00.000Z, by the clock of Asia\/Kathmandu\n$/)
  })

  test('--from and --to are whole days of --tz, and the sums of them are the same', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const other = ['--from', today, '--to', today, '--tz', 'UTC']
    expect(idsOf((await list(...other)).out)).toContain(transaction)
    expect(JSON.parse(await done('usage', 'summary', ...other, '--json')).summary.totalRecords).toBe(1)
    const report = JSON.parse(await done('usage', 'report', '--since', '24h', '--json', '--quiet'))
    expect(report.range.from).toMatch(/:(00|15|30|45):00/)
  })

  test('an API key names the zone of its days itself', async () => {
    const env = { TURNPIKE_API_KEY: turnpike.key }
    const asked = await cli(['transactions', 'list', '--since', 'today'], { env })
    expect(asked).toMatchObject({ code: EXIT.usage, out: '', err: expect.stringContaining('--tz') })
    const named = await cli(['transactions', 'list', '--since', 'today', '--tz', 'UTC'], { env })
    expect(named.code).toBe(EXIT.done)
  })
})

describe('exit codes', () => {
  const text = ['--model', 'gpt-4o', '--usage-type', 'text']
  const counted = ['--input-tokens', '1', '--output-tokens', '1']

  test.each([
    ['accounts get nobody', EXIT.notFound, 'Account not found. (account_not_found, request *)'],
    ['accounts create Ann --external-id ann', EXIT.failed, 'Another account has this externalId. (external_id_taken,'],
    ['accounts update ann --overdraft -1', EXIT.usage, '--overdraft: expected an amount with at most 9 decimals'],
    ['credits add 0 --account ann', EXIT.usage, '<amount>: expected an amount above 0 with at most 9 decimals'],
    ['credits add 5', EXIT.usage, 'the account is missing'],
    ['credits add 5 --account ann --priority 101', EXIT.usage, '--priority: expected 1 to 100; found 101'],
    ['credits deduct 1000 --account ann', EXIT.refused, 'The available credits do not cover this request.'],
    ['credits deduct 1 --account nobody', EXIT.notFound, 'Account not found.'],
    ['credits refund txn_none --reason x', EXIT.notFound, 'Transaction not found.'],
    ['reservations create 1000 --account ann', EXIT.refused, 'The available credits do not cover this request.'],
    ['reservations create 1 --account ann --ttl-seconds 0', EXIT.usage, '--ttl-seconds: expected 1 to 86400; found 0'],
    ['reservations get res_none', EXIT.notFound, 'Reservation not found.'],
    ['reservations cancel RESERVATION', EXIT.failed, 'The reservation was confirmed before.'],
    ['reservations confirm RESERVATION --actual-amount 2', EXIT.failed, 'The reservation was confirmed before.'],
    ['transactions get txn_none', EXIT.notFound, 'Transaction not found.'],
    ['transactions list --start-date 2026-02-31', EXIT.usage, 'startDate: expected a date (2026-11-20) or an instant'],
    ['transactions create credit x --account ann', EXIT.usage, '<amount>: expected an amount above 0'],
    [`usage record --context customer ${text.join(' ')}`, EXIT.usage, 'A customer usage record needs its account'],
    [`usage record --context system ${text.join(' ')}`, EXIT.usage, 'inputTokens'],
    [`usage record --context system --model gpt-99 --usage-type text ${counted.join(' ')}`, EXIT.usage, '`gpt-99`'],
    ['usage list --usage-type video', EXIT.usage, '--usage-type: expected one of text, embedding'],
    ['models get acme/none', EXIT.notFound, 'No model acme/none is served here.'],
    ['models calculate gpt-99', EXIT.usage, 'The model `gpt-99` does not exist. (unknown_model, request *)'],
  ])('%s: %i', async (line, expected, message) => {
    const { code, out, err } = await cli(line.replace('RESERVATION', reservation).split(' '))
    expect({ code, out }).toEqual({ code: expected, out: '' })
    expect(err).toMatch(/^turnpike: /)
    expect(steady(err)).toContain(message)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test.each([
    'accounts create X --external-id x',
    'credits add 1 --account demo',
    'reservations create 1 --account demo',
    'transactions create debit 1 --account demo',
    `usage record --context system ${[...text, ...counted].join(' ')}`,
  ])('%s with an API key: 4, and nothing is done', async (line) => {
    const { code, out, err } = await cli(line.split(' '), { env: { TURNPIKE_API_KEY: turnpike.key } })
    expect({ code, out }).toEqual({ code: EXIT.notAllowed, out: '' })
    expect(err).toContain('management key')
  })

  test.each(['accounts', 'reservations', 'transactions', 'usage', 'models'])(
    '%s list of a server that is not there: 6',
    async (noun) => {
      const { code, out } = await cli([noun, 'list'], { env: { TURNPIKE_BASE_URL: 'http://127.0.0.1:9' } })
      expect({ code, out }).toEqual({ code: EXIT.unreachable, out: '' })
    },
  )
})
