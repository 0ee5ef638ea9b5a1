/** What the shapes of the API share: amounts, instants, names, pages. Schemas describe the wire as it is; nothing is converted. */
import { z } from 'zod'
import { parseAmount, parseBillionths } from '../lib/money.ts'
import type { ErrorCode } from './errors.ts'

/**
 * Dollars from outside: a JSON number with at most nine decimals, or plain decimal text. What is none is
 * answered 422 `invalid_amount`; so is 0 where the amount must have an effect.
 */
export const amount = (bounds: { positive: boolean }) => money(bounds, parseAmount)

/** As {@link amount}, in credits: the maximum is in dollars, so whoever knows the price of a credit checks it. */
export const credits = (bounds: { positive: boolean }) => money(bounds, parseBillionths)

const money = ({ positive }: { positive: boolean }, parse: (value: unknown) => bigint | undefined) =>
  coded<number | string>(
    'invalid_amount',
    `an amount${positive ? ' above 0' : ''} with at most 9 decimals, e.g. 12.5 or "12.5"`,
    (value) => {
      const parsed = parse(value)
      return parsed !== undefined && (!positive || parsed > 0n)
    },
  ).meta({
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: '^(0|[1-9][0-9]*)(\\.[0-9]{1,9})?$' },
    ],
  })

const MOST_COUNTED = 1_000_000_000_000

/** A count of a usage; what is none is answered 422 `invalid_usage`. */
export const count = coded<number>('invalid_usage', 'a whole number from 0 to 10^12', isCount).meta({
  type: 'integer',
  minimum: 0,
  maximum: MOST_COUNTED,
})

/** What a budget allows: dollars as an amount, anything else as a count; which of them is told by its metric. */
export const quantity = coded<number | string>(
  'invalid_amount',
  'an amount of 0 or more, or a whole number up to 10^12',
  (value) => parseAmount(value) !== undefined || isCount(value),
).meta({
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'string', pattern: '^(0|[1-9][0-9]*)(\\.[0-9]{1,9})?$' },
  ],
})

/** Seconds of audio, with at most six decimals. */
export const seconds = coded<number>(
  'invalid_usage',
  'seconds from 0 with at most 6 decimals',
  (value) =>
    typeof value === 'number' && value >= 0 && value <= MOST_COUNTED && Math.round(value * 1e6) / 1e6 === value,
).meta({ type: 'number', minimum: 0 })

/** RFC 3339. In: any offset; out: UTC with `Z`. */
export const Instant = z.iso.datetime({ offset: true, error: 'expected an instant, e.g. 2026-11-20T09:00:00Z' })

export const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[0-9A-Za-z]{20}$`))

/** Text of one line or more; control characters besides line ends and tabs are nobody's text. */
export const text = (most: number) =>
  z
    .string('expected text')
    .min(1, 'expected text that is not empty')
    .max(most, `expected at most ${most} characters`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$/, 'expected text without control characters')

/** What people call a thing: one line, in any script. */
export const Name = (most: number) =>
  z
    .string('expected text')
    .refine((value) => value.trim() !== '', 'expected text that is not empty')
    .refine((value) => [...value].length <= most, `expected at most ${most} characters`)
    .refine(
      (value) => value.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(value),
      'expected one line without control characters',
    )
    .meta({ minLength: 1, maxLength: most })

/** What is set when a thing is made and never again. */
export const fixed = (why: string) => z.never({ error: why }).optional()

const MOST_BYTES = 255

/** Compared byte by byte. Half a surrogate pair has no bytes that would come back as the same text. */
export const ExternalId = z
  .string('expected text')
  .min(1, 'expected text that is not empty')
  .refine((value) => Buffer.byteLength(value) <= MOST_BYTES, `expected at most ${MOST_BYTES} bytes`)
  .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'expected text without control characters')
  .meta({ maxLength: MOST_BYTES })

const MOST_METADATA = 16_384

export const Metadata = z
  .record(z.string(), z.unknown(), 'expected an object')
  .refine(
    (value) => JSON.stringify(value).length <= MOST_METADATA,
    `expected at most ${MOST_METADATA} characters of JSON`,
  )

/** Whose: either name will do; where both are given they must agree. */
export const Who = z.object({
  accountId: z.string('expected an account id').max(64).optional().meta({ description: 'The account, by its id.' }),
  externalId: ExternalId.optional().meta({ description: 'The account, by your own name for it.' }),
})

export const PageQuery = z.object({
  limit: z
    .int('expected a whole number')
    .min(1, 'expected 1 to 500')
    .max(500, 'expected 1 to 500')
    .optional()
    .meta({ description: 'Rows a page. Default: 50.' }),
  offset: z
    .int('expected a whole number')
    .min(0, 'expected 0 or more')
    .optional()
    .meta({ description: 'Rows to pass over.' }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .meta({ description: '`nextCursor` of the page before; takes the place of `offset`.' }),
})

export const Pagination = z.object({
  limit: z.int(),
  offset: z.int(),
  totalCount: z.int(),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
})

const FORMATS = ['json', 'csv', 'ndjson'] as const
export const RowsFormat = z
  .enum(FORMATS, `expected one of ${FORMATS.join(', ')}`)
  .meta({ description: 'In place of `Accept`: csv and ndjson stream every row that the filters match.' })

/** The money of the object once more, exact: decimal text under the same names. */
export const Decimal = z.record(z.string(), z.string())

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_COUNTED
}

/** Named zones alone: what an offset says today may not hold in summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A check whose failure has a code of its own; a value that is missing is an invalid request all the same. */
function coded<T>(code: ErrorCode, expected: string, holds: (value: unknown) => boolean) {
  return z.unknown().check((payload) => {
    const { value, issues } = payload
    if (value === undefined) issues.push({ code: 'custom', input: value, message: `is missing: expected ${expected}` })
    else if (!holds(value))
      issues.push({ code: 'custom', input: value, message: `expected ${expected}`, params: { code } })
  }) as unknown as z.ZodType<T>
}
