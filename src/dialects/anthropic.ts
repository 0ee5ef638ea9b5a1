/** Anthropic's wire, for `…/messages`: messages of blocks, named events, counts in which the cache stands apart. */
import { errorRow, type Refused, refuse } from '../contract/errors.ts'
import { eventText } from '../lib/sse.ts'
import { memberText, objectText, openBody } from './chat-body.ts'
import type { ChunkState, Dialect, ErrorDialect, ErrorReply, ReplyContext, ReplyIds, Settled } from './dialect.ts'
import { type Fields, isFields } from './messages-content.ts'
import { isNative, nativeEnding, nativeMessage } from './messages-native.ts'
import { blocksOf, listOf, stopReasonOf, usageText } from './messages-reply.ts'
import { begin, blocksIn, chunkEvents, close, eventOf } from './messages-stream.ts'
import { anthropicRateHeaders } from './rate-headers.ts'
import { detailsOf, refusalHeaders, sentenceOf } from './refusals.ts'

export const anthropicErrors: ErrorDialect = {
  name: 'anthropic',
  generationHeaders: ['X-Generation-Id', 'request-id'],
  error: errorReply,
  rateHeaders: anthropicRateHeaders,
}

/** `endsWithDone`: the mount's streams end as OpenAI's do, after `message_stop`. */
export const anthropic = ({ endsWithDone }: { endsWithDone: boolean }): Dialect => ({
  ...anthropicErrors,
  reply,
  chunk: chunkEvents,
  ending: (context, state, settled) => ending(context, state, settled) + (endsWithDone ? eventText('[DONE]') : ''),
  failure,
  keepAlive: { text: eventOf('ping', '{"type":"ping"}'), everyMs: 5000 },
  modelName: ({ asSpelled }) => asSpelled,
})

function errorReply(refused: Refused, ids: ReplyIds): ErrorReply {
  const row = errorRow(refused.code)
  const status = refused.extras.status ?? row.anthropicStatus ?? row.status
  const body = JSON.stringify({ type: 'error', error: errorOf(refused), request_id: ids.generationId ?? ids.requestId })
  return { status, headers: refusalHeaders(refused, status), body }
}

const errorOf = (refused: Refused): Fields => ({
  type: errorRow(refused.code).anthropicType,
  message: sentenceOf(refused),
  error_type: errorRow(refused.code).errorType,
  details: detailsOf(refused),
})

function reply(text: string, context: ReplyContext, settled: Settled, refused?: Refused): string {
  const own = memberText(openBody(text), 'native')
  if (own !== undefined) return nativeMessage(own, context, usageText(settled))
  const [choice] = listOf(parsed(text)?.choices)
  if (!choice) throw refuse('provider_error')
  const { message, finish_reason, native_finish_reason } = choice
  return objectText([
    ['id', JSON.stringify(context.id)],
    ['type', '"message"'],
    ['role', '"assistant"'],
    ['model', JSON.stringify(context.model)],
    ['content', JSON.stringify(blocksOf(isFields(message) ? message : {}))],
    ['stop_reason', JSON.stringify(stopReasonOf(finish_reason, native_finish_reason))],
    ['stop_sequence', 'null'],
    ['usage', usageText(settled)],
    ['error', refused && JSON.stringify(errorOf(refused))],
  ])
}

function parsed(text: string): Fields | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isFields(body) ? body : undefined
  } catch {
    return undefined
  }
}

/** The counts and the money come with the reason of the end; the message is over behind them. */
function ending(context: ReplyContext, state: ChunkState, settled: Settled): string {
  if (isNative(state)) {
    const delta = nativeEnding(state, usageText(settled)) ?? ''
    return delta + eventOf('message_stop', STOP)
  }
  const blocks = blocksIn(state)
  const reason = stopReasonOf(state.finish?.stated, state.finish?.native)
  const delta = JSON.stringify({ stop_reason: reason, stop_sequence: null })
  const last = objectText([
    ['type', '"message_delta"'],
    ['delta', delta],
    ['usage', usageText(settled) ?? '{"output_tokens":0}'],
  ])
  return begin(context, blocks) + close(blocks) + eventOf('message_delta', last) + eventOf('message_stop', STOP)
}

const STOP = '{"type":"message_stop"}'

function failure(refused: Refused, context: ReplyContext, _state: ChunkState, settled: Settled | undefined): string {
  const data = objectText([
    ['type', '"error"'],
    ['error', JSON.stringify(errorOf(refused))],
    ['request_id', JSON.stringify(context.id)],
    ['usage', settled && usageText(settled)],
  ])
  return eventOf('error', data)
}
