import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { amount } from '../contract/common.ts'
import type { Operation } from '../contract/operation.ts'
import { nameAccounts } from './account-name.ts'
import type { CommandRow } from './command-row.ts'
import { CannotGoOn } from './exit-code.ts'
import { commandOf } from './fields.ts'
import { pathWith, queryText, valuesOf } from './request.ts'

/** A row and an operation as one may be added later. */
const row: CommandRow = { noun: 'things', verb: 'make', operation: 'createPlan', args: ['name'], examples: [] }
const operation: Operation = {
  ...{ name: 'makeThing', method: 'POST', path: '/api/admin/things/{id}/make', dialect: 'openai', key: 'management' },
  params: z.object({ id: z.string().optional() }),
  query: z.object({ tag: z.preprocess((value) => [value].flat(), z.array(z.string())).optional() }),
  body: z.object({
    name: z.string(),
    limit: amount({ positive: false }).nullish(),
    thresholds: z.array(z.int('expected whole percents')).optional(),
    events: z.array(z.enum(['a', 'b'])).optional(),
    target: z.object({ url: z.string() }).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    secret: z.never().optional(),
    isOpen: z.boolean().optional(),
  }),
  result: z.object({}),
  errors: [],
}
const command = commandOf(row, operation)
const read = (options: Record<string, unknown>, input = '') => valuesOf(command, { args: ['x'], options }, () => input)

describe('options are made from schemas of every shape', () => {
  test('each has its kind, and what is never taken has none', () => {
    expect(command.options.map(({ option, kind }) => [option, kind])).toEqual([
      ['tag', 'texts'],
      ['limit', 'amount'],
      ['thresholds', 'numbers'],
      ['events', 'texts'],
      ['target', 'json'],
      ['labels', 'pairs'],
      ['is-open', 'flag'],
    ])
    expect(command.options.find(({ option }) => option === 'events')?.values).toEqual(['a', 'b'])
    expect(command.options.filter(({ nullable }) => nullable).map(({ option }) => option)).toEqual(['limit'])
  })

  test('money stays the text that was typed, to its last zero', () => {
    expect(read({ limit: '12.50' }).body).toEqual({ name: 'x', limit: '12.50' })
    expect(read({ limit: '999999999.000000001' }).body.limit).toBe('999999999.000000001')
    expect(() => read({ limit: '1e3' })).toThrow(CannotGoOn)
  })

  test('lists are repeated, numbers become numbers, records are pairs, objects are JSON', () => {
    const { query, body } = read({
      ...{ tag: ['a', 'b'], thresholds: ['50', '80'], events: ['a'], labels: ['k=v=w', 'e='], 'is-open': false },
      target: '{"url":"http://x"}',
    })
    expect(query).toEqual({ tag: ['a', 'b'] })
    expect(queryText(query)).toBe('?tag=a&tag=b')
    expect(body).toEqual({
      ...{ name: 'x', thresholds: [50, 80], events: ['a'], labels: { k: 'v=w', e: '' }, isOpen: false },
      target: { url: 'http://x' },
    })
    expect(read({ target: '@file' }, '{"url":"y"}').body.target).toEqual({ url: 'y' })
    expect(read({ labels: ['-'] }, '{"a":"b"}').body.labels).toEqual({ a: 'b' })
  })

  test('all faults are told at once, each with its option', () => {
    expect(() => read({ thresholds: ['half'], limit: '-1' })).toThrow(
      /^--limit: expected an amount with at most 9 decimals.*; found "-1"\n--thresholds: expected whole percents, at 0; found "half"$/,
    )
    expect(() => read({ target: '{' })).toThrow('--target: expected JSON, @file with it, or - for standard input')
    expect(() => read({ clear: ['name'] })).toThrow('--clear: nothing called "name" can be cleared here')
    expect(read({ clear: ['limit'] }).body.limit).toBeNull()
  })

  test('a path is filled in whole, and never left', () => {
    expect(pathWith(command, { id: 'a/b ?#' })).toBe('/api/admin/things/a%2Fb%20%3F%23/make')
    expect(() => pathWith(command, { id: '..' })).toThrow(CannotGoOn)
    expect(() => pathWith(command, {})).toThrow(CannotGoOn)
  })
})

test('an account is asked for by its other name where the operation takes that one alone', async () => {
  const id = 'acc_4tR7yU2iO9pL6kJ3hG1f'
  const report = commandOf(
    { ...row, args: [] },
    { ...operation, query: z.object({ account: z.array(z.string()).optional() }), body: z.object({}) },
  )
  const values = valuesOf(report, { args: [], options: { account: ['user 4', id, ''] } }, () => '')
  const asked: string[] = []
  await nameAccounts(report, values, async (path) => {
    asked.push(path)
    return JSON.stringify({ id: 'acc_0', externalId: 'user 4' })
  })
  expect(values.query.account).toEqual(['acc_0', id, ''])
  expect(asked).toEqual(['/v1/accounts/get?externalId=user%204'])
})
