import { expect, test } from 'vitest'
import { commandNamed } from './commands.ts'
import { commandOf } from './fields.ts'
import { applyRange } from './time-range.ts'

/** In New York the day before has 25 hours. */
const now = Date.parse('2026-11-02T15:30:00Z')

async function queryOf(name: string, typed: object, query: Record<string, unknown> = {}) {
  const row = commandNamed(...(name.split(' ') as [string, string]))
  if (!row) throw new Error(`no command ${name}`)
  const values = { params: {}, query: { ...query }, body: {} }
  const line = await applyRange(commandOf(row), values, { ...typed }, { now, zone: async () => 'America/New_York' })
  return { ...values.query, line }
}

test.each([
  ['15m', '2026-11-02T15:15:00.000Z', undefined],
  ['24h', '2026-11-01T15:30:00.000Z', undefined],
  ['7d', '2026-10-26T15:30:00.000Z', undefined],
  ['today', '2026-11-02T05:00:00.000Z', undefined],
  ['yesterday', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
  ['this-month', '2026-11-01T04:00:00.000Z', undefined],
  ['last-month', '2026-10-01T04:00:00.000Z', '2026-11-01T04:00:00.000Z'],
])('--since %s begins at %s and ends at %s, by the clock of the organisation', async (since, startDate, endDate) => {
  const { line, ...query } = await queryOf('usage list', { since })
  expect(query).toEqual({ startDate, ...(endDate === undefined ? {} : { endDate }) })
  expect(line).toContain(startDate)
})

test('--from and --to are instants as they are, and days of the zone where they are dates', async () => {
  const typed = { from: '2026-11-01', to: '2026-11-01', tz: 'Europe/Berlin' }
  expect(await queryOf('transactions list', typed)).toEqual({
    startDate: '2026-10-31T23:00:00.000Z',
    endDate: '2026-11-01T23:00:00.000Z',
  })
  expect(await queryOf('transactions list', { from: '2026-11-01T10:00:00Z', tz: 'Europe/Berlin' })).toEqual({
    startDate: '2026-11-01T10:00:00Z',
  })
  // Without a zone the server reads them by the clock of the organisation.
  expect(await queryOf('transactions list', { from: '2026-11-01' })).toEqual({ startDate: '2026-11-01' })
})

test('a report that has a zone of its own is asked for by it', async () => {
  const query = { from: '2026-11-01' }
  expect(await queryOf('usage report', { from: '2026-11-01', tz: 'Asia/Kathmandu' }, query)).toEqual({
    ...{ from: '2026-11-01', timeZone: 'Asia/Kathmandu' },
  })
})

test.each([
  [{ since: 'tomorrow' }, '--since: expected 15m, 24h, 7d, today'],
  [{ since: '0h' }, '--since: expected 15m'],
  [{ since: 'today', from: '2026-11-01' }, '--since goes without --from and --to'],
  [{ tz: 'Mars/Olympus', since: 'today' }, '--tz: expected a time zone'],
  [{ tz: '+01:00', from: '2026-11-01' }, '--tz: expected a time zone'],
  [{ tz: 'UTC' }, 'name one of them'],
  [{ from: '2026-02-31', tz: 'UTC' }, 'expected a date of the calendar; found "2026-02-31"'],
])('%j is refused: %s', async (typed, message) => {
  await expect(queryOf('usage list', typed)).rejects.toThrow(message)
})

test('what is said twice is refused', async () => {
  await expect(queryOf('usage list', { from: '2026-11-01' }, { startDate: '2026-11-02' })).rejects.toThrow('once')
})
