/** What is said of rows that went with their month, and of ranges that reach into what is gone. */
import { type ErrorCode, refuse } from '../contract/errors.ts'
import { DAY_MS, instantText } from '../lib/clock.ts'
import { codeTime } from '../lib/id.ts'
import { keptFrom } from '../store/carried-sums.ts'
import type { ApiParts } from './parts.ts'

/** Thrown where a code names nothing: what was made before the months that are kept is gone, and it is said so. */
export async function missingOf(
  { store }: Pick<ApiParts, 'store'>,
  code: ErrorCode,
  name: string,
  advice = '',
): Promise<ReturnType<typeof refuse>> {
  const [from, at] = [await keptFrom(store), codeTime(name)]
  if (from === undefined || at === undefined || at >= from) return refuse(code)
  return refuse(code, `Nothing from before ${instantText(from)} is kept${advice}`)
}

/** A sum over records that are gone would be wrong: refused. `instead`: what knows it still. */
export async function assertKept(
  { store }: Pick<ApiParts, 'store'>,
  start: number | undefined,
  { param, instead }: { readonly param: string; readonly instead: string },
): Promise<void> {
  const month = await keptFrom(store)
  if (month === undefined || start === undefined) return
  // A call belongs to the month of its admission; it may have gone on into the next day.
  const from = month + DAY_MS
  if (start >= from) return
  throw refuse(
    'invalid_request',
    `${param}: calls from before ${instantText(from)} are not kept one by one. ${instead}`,
    {
      param,
    },
  )
}
