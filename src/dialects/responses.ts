/** OpenAI's Responses API on either mount: a response of items, whole or as its events, and what it cost in the end. */
import { errorRow, type Refused, refuse } from '../contract/errors.ts'
import { eventText } from '../lib/sse.ts'
import type { ChunkState, Dialect, ErrorDialect, ReplyContext, Settled } from './dialect.ts'
import { type Fields, isFields } from './messages-content.ts'
import { listOf } from './messages-reply.ts'
import { sentenceOf } from './refusals.ts'
import { accountingOf, type Ending, endingOf, itemsOf, type Money, responseText } from './responses-output.ts'
import { begin, chunkEvents, done, eventOf, progressIn } from './responses-stream.ts'

type Mount = ErrorDialect & Pick<Dialect, 'modelName'> & { readonly money: Money; readonly endsWithDone: boolean }

/** Errors before the first byte and names of models are those of the mount. */
export function responses({ money, endsWithDone, ...mount }: Mount): Dialect {
  const over = endsWithDone ? eventText('[DONE]') : ''
  return {
    ...mount,
    keepAlive: undefined,
    chunk: chunkEvents,
    reply(text, context, settled, refused) {
      const [choice] = listOf(parsed(text)?.choices)
      if (!choice) throw refuse('provider_error')
      const finish = typeof choice.finish_reason === 'string' ? choice.finish_reason : undefined
      const ending = refused ? failed(refused) : endingOf(finish)
      const output = itemsOf(isFields(choice.message) ? choice.message : {}, context.id)
      return responseText(context, output, ending, accountingOf(context, settled, money))
    },
    ending(context, state, settled) {
      const ending = endingOf(state.finish?.stated)
      return lastEvent({ context, state, settled, ending, money }) + over
    },
    failure: (refused, context, state, settled) =>
      lastEvent({ context, state, settled, ending: failed(refused), money, refused }),
  }
}

const failed = (refused: Refused): Ending => ({
  status: 'failed',
  error: { code: refused.code, message: sentenceOf(refused) },
})

type Last = {
  readonly context: ReplyContext
  readonly state: ChunkState
  readonly settled: Settled | undefined
  readonly ending: Ending
  readonly money: Money
  readonly refused?: Refused
}

function lastEvent({ context, state, settled, ending, money, refused }: Last): string {
  const progress = progressIn(state)
  const before = begin(context, progress) + done(context, progress)
  const accounting = settled ? accountingOf(context, settled, money) : []
  const response = responseText(context, progress.output, ending, accounting)
  const kind = refused ? `,"error_type":${JSON.stringify(errorRow(refused.code).errorType)}` : ''
  return before + eventOf(`response.${ending.status}`, progress, `{"response":${response}${kind}}`)
}

function parsed(text: string): Fields | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isFields(body) ? body : undefined
  } catch {
    return undefined
  }
}
