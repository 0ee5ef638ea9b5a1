import { describe, expect, test } from 'vitest'
import { createLog, type LogFields, type LogLevel } from './log.ts'

const secret = `sk-tp-${'1f3a'.repeat(16)}`

function record({ level = 'debug', readable = false }: { level?: LogLevel; readable?: boolean } = {}) {
  const lines: string[] = []
  const log = createLog({ level, readable, write: (line) => lines.push(line) })
  return { log, lines, entry: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '') }
}

function logged(fields: LogFields, message = 'said', readable = false): string {
  const { log, lines } = record({ readable })
  log.info(fields, message)
  return lines.join('')
}

describe('createLog', () => {
  test('an entry is one JSON line with level, time, fields and message', () => {
    const { log, lines, entry } = record()
    log.warn({ generationId: 'gen-1', nested: { a: [1] }, text: 'a\nb' }, 'settled')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/)
    expect(entry()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
      generationId: 'gen-1',
      nested: { a: [1] },
      text: 'a\nb',
      msg: 'settled',
    })
  })

  test('what is below the level is not written', () => {
    const { log, lines } = record({ level: 'warn' })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, level)
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['warn', 'error'])
    const silent = record({ level: 'silent' })
    silent.log.error({}, 'nothing')
    expect(silent.lines).toEqual([])
  })

  test.each<[string, LogFields, string]>([
    ['in the message', {}, `made ${secret}`],
    ['in a field', { key: secret }, ''],
    ['deep in a field', { a: [{ headers: { authorization: `Bearer ${secret}` } }] }, ''],
    ['as a key of a field', { [secret]: 1 }, ''],
    ['in an error', { error: new Error(`refused ${secret}`, { cause: new Error(secret) }) }, ''],
    ['inside a URL', { url: `http://h/?key=${secret}&x=1` }, ''],
  ])('a secret is taken out %s, for machines and for people', (_, fields, message) => {
    for (const readable of [false, true]) {
      const line = logged(fields, message, readable)
      expect(line).toContain('[redacted]')
      expect(line).not.toContain('1f3a1f3a')
      if (!readable) expect(() => JSON.parse(line)).not.toThrow()
    }
  })

  test("management keys, providers' keys and any bearer token are secrets, labels and words are not", () => {
    const line = logged({ a: `mk-tp-${'0'.repeat(64)}`, b: 'sk-proj-AbCdEf012345', c: 'bearer eyJhbGciOi.J9-x_y~z+/=' })
    expect(JSON.parse(line)).toMatchObject({ a: 'mk-[redacted]', b: 'sk-[redacted]', c: 'bearer [redacted]' })
    const plain = { label: 'sk-tp-1f3...9c2', word: 'risk-assessment', model: 'gpt-4.1-nano' }
    expect(JSON.parse(logged(plain))).toMatchObject(plain)
  })

  test('an error is written with its type, code, stack and causes, and with nothing else that it carries', () => {
    const cause = Object.assign(new Error('no route'), { code: 'ECONNREFUSED' })
    const error = Object.assign(new TypeError('failed', { cause }), { body: 'what the user wrote' })
    const { log, entry } = record()
    log.error({ error }, 'upstream')
    expect(entry().error).toEqual({
      type: 'TypeError',
      message: 'failed',
      stack: expect.stringContaining('log.test.ts'),
      cause: { type: 'Error', message: 'no route', code: 'ECONNREFUSED', stack: expect.any(String) },
    })
  })

  test('fields that JSON cannot hold do not stop the entry', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const { log, entry } = record()
    log.info({ id: 12345678901234567890n, circle, nothing: undefined, error: 'only text' }, 'odd')
    expect(entry()).toMatchObject({ id: '12345678901234567890', msg: 'odd', error: 'only text' })
  })

  test('for people an entry is one readable line that cannot steer the terminal', () => {
    const line = logged(
      { port: 8787, url: 'http://127.0.0.1:8787', text: 'two words', bad: '\u001b[31m' },
      'listening\u001b[2J',
      true,
    )
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d INFO listening \[2J {2}port=8787 {2}url=http:\/\/127.0.0.1:8787 {2}text="two words"/,
    )
    expect(line).not.toContain('\u001b')
    expect(line.split('\n')).toEqual([expect.any(String), ''])
  })

  test('for people the stack of an error follows', () => {
    expect(logged({ error: new Error('boom') }, 'failed', true)).toMatch(/ INFO failed\nError: boom\n +at /)
  })
})
