/** A keyed hash over several texts, so that personal values can be pointed at without being told. */
import { createHmac } from 'node:crypto'

/** 32 hex digits; which text ends where is part of what is hashed. */
export const detailsHash = (key: string, texts: readonly string[]): string =>
  createHmac('sha256', key).update(JSON.stringify(texts)).digest('hex').slice(0, 32)
