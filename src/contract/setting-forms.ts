/** The forms that a setting may have. The message of each is the phrase after "expected" in the fault that a wrong value gets. */
import { z } from 'zod'
import { compare, ratio } from '../lib/ratio.ts'

/** Seconds. */
export const HOUR = 3600
export const DAY = 24 * HOUR

const PLAIN_DECIMAL = /^(0|[1-9][0-9]{0,24})(\.[0-9]{1,15})?$/

export const percent = (highest: number) =>
  decimal(`a percentage from 0 to ${highest} in quotes, e.g. "12.5"`, (value) => isWithin(value, '0', String(highest)))

const PROVIDER_KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export const providerKey = pattern(PROVIDER_KEY, 'a provider name of letters, digits, ".", "_" and "-"')

/** What a vendor calls its model may hold nearly anything; white space and control characters are always a mistake. */
export const modelName = pattern(/^[^\s\p{C}]{1,256}$/u, 'a model name of at most 256 characters without blanks')

export const httpUrl = z
  .string('an http or https address')
  .refine(isHttpUrl, 'an http or https address without password or query')

export const HOST = /^[A-Za-z0-9.:_%[\]-]{1,253}$/

/** It travels in a header. */
export const credential = pattern(/^[!-~]{1,4096}$/, 'a key of at most 4096 visible characters without blanks')

export function group<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, 'a group of settings')
}

export function list<S extends z.ZodType>(item: S, least: number, most: number) {
  const expected = least > 0 ? `a list of ${least} to ${most}` : `a list of at most ${most}`
  return z.array(item, expected).min(least, expected).max(most, expected)
}

export function text(longest: number) {
  const expected = `text of 1 to ${longest} characters`
  return z.string(expected).min(1, expected).max(longest, expected)
}

export function pattern(form: RegExp, expected: string) {
  return z.string(expected).regex(form, expected)
}

export function choice<const V extends readonly string[]>(values: V) {
  return z.enum(values, `one of ${values.join(', ')}`)
}

export function flag() {
  return z.boolean('true or false')
}

export function whole(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`
  return z.int(expected).min(least, expected).max(most, expected)
}

/** Money and factors are decimal text: a YAML number has been through a float before anybody sees it. */
export function decimal(expected: string, holds: (value: string) => boolean = () => true) {
  return z.string(expected).refine((value) => PLAIN_DECIMAL.test(value) && holds(value), expected)
}

export function isWithin(value: string, least: string, most: string): boolean {
  return compare(ratio(value), ratio(least)) >= 0 && compare(ratio(value), ratio(most)) <= 0
}

export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  return (
    url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === ''
  )
}
