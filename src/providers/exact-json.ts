/**
 * JSON that passes through without loss: a number that a double cannot hold keeps its digits on the way through
 * `JSON.stringify`, so that an id of twenty digits in a tool's arguments is still the same id.
 */

/** Undefined where the text is no JSON. */
export function parseExact(text: string): unknown {
  try {
    return MAY_NOT_FIT.test(text)
      ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
      : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Sixteen digits in a row, or an exponent: most bodies have neither, and are parsed at full speed. */
const MAY_NOT_FIT = /[0-9]{16}|[0-9][eE]/

type Source = { readonly source?: string }

/** A reviver is told the text of a scalar, and `rawJSON` writes such a text as it stands (ECMAScript 2025). */
function keepDigits(_key: string, value: unknown, { source }: Source): unknown {
  if (typeof value !== 'number' || source === undefined) return value
  const fits = Number.isInteger(value)
    ? Number.isSafeInteger(value)
    : String(value).length < 17 && Number.isFinite(value)
  return fits ? value : rawJson(source)
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown }
