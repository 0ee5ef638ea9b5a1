/**
 * The log: one JSON line an entry on standard error, or a line for people where that is a terminal. Whoever logs is
 * handed a `Log`; what looks like a secret is taken out of every line, wherever in the fields it stood.
 */
import { destination, pino, stdTimeFunctions } from 'pino'

export type LogFields = Readonly<Record<string, unknown>>
export type Log = Record<'debug' | 'info' | 'warn' | 'error', (fields: LogFields, message: string) => void> & {
  /** Lines are for a person at a terminal, not for a program. */
  readonly readable: boolean
}
export type LogLevel = keyof Log | 'silent'
type LogOptions = { level: LogLevel; readable?: boolean; write?: (line: string) => void }

/** Of an error in the field `error` type, message, code, stack and causes are written, and nothing else it may carry. */
export function createLog({
  level,
  readable = process.stderr.isTTY === true,
  write = standardError(readable),
}: LogOptions): Log {
  const stream = {
    write(line: string) {
      const clean = withoutSecrets(line)
      write(readable ? readableLine(clean) : clean)
    },
  }
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: plainFields },
    serializers: { error: (error: unknown) => errorFields(error, 0) },
  }
  const logger = pino(options, stream)
  return {
    readable,
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}

/** As much is kept while standard error is not read; what comes above is dropped, because no call may wait for its log. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024

/** Lines for programs are gathered for a moment: a busy server would make a system call of each otherwise. */
const GATHERED = { minLength: 8_192, periodicFlush: 200 }

function standardError(readable: boolean): (line: string) => void {
  const stream = destination({ fd: 2, sync: false, maxLength: MAX_UNREAD_BYTES, ...(readable ? {} : GATHERED) })
  return (line) => stream.write(line)
}

/** JSON has no bigint; ids and money are written as text. */
function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) plain[key] = typeof value === 'bigint' ? String(value) : value
  return plain
}

const MAX_CAUSES = 5

function errorFields(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return error
  const { name: type, message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  return { type, message, code, stack, cause: depth < MAX_CAUSES ? errorFields(cause, depth + 1) : undefined }
}

/** Our keys, providers' of the same form, and bearer tokens. A label (`sk-tp-1f3...9c2`) is too short to be one. */
const KEY = /\b([sm]k-)[A-Za-z0-9_-]{8,}/g
const BEARER = /\b(Bearer )[A-Za-z0-9._~+/=-]{8,}/gi

const withoutSecrets = (line: string): string => line.replace(BEARER, '$1[redacted]').replace(KEY, '$1[redacted]')

/** `12:00:00 WARN what happened  key=value …`; the stack of an error follows on lines of its own. */
function readableLine(line: string): string {
  const { time, level, msg, error, ...fields } = JSON.parse(line)
  const shown = Object.entries(fields).map(
    ([key, value]) => `  ${key}=${isPlain(value) ? value : JSON.stringify(value)}`,
  )
  const stack = error === undefined ? '' : `\n${error?.stack ?? JSON.stringify(error)}`
  return `${printable(`${time.slice(11, 19)} ${level.toUpperCase()} ${msg}${shown.join('')}${stack}`)}\n`
}

const isPlain = (value: unknown): boolean => typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)

/** Text from outside must not steer the terminal. */
const printable = (text: string): string => text.replace(/[^\n\P{Cc}]/gu, ' ')
