/**
 * OpenAI's wire, for `/v1`: the provider's body with our identity and usage spliced in. Money is told only to a client
 * that asked for it.
 */
import { errorRow, type Refused } from '../contract/errors.ts'
import { type CostDetails, costDetails, decimalOf } from '../core/cost-details.ts'
import { embeddingsUsage, openaiChatUsage } from '../core/usage-blocks.ts'
import {
  identityEdits,
  knownUsage,
  memberText,
  objectText,
  openBody,
  reportedUsage,
  splice,
  usageExtras,
} from './chat-body.ts'
import { editChoices, spliceChoice } from './chat-choices.ts'
import { NO_CHOICES, objectName, readChunk } from './chat-chunk.ts'
import type { ChatDialect, ChunkState, ErrorReply, ReplyContext, ReplyIds, ReportedUsage, Settled } from './dialect.ts'
import { openaiRateHeaders } from './rate-headers.ts'
import { detailsOf, refusalHeaders, sentenceOf } from './refusals.ts'

export const openai: ChatDialect = {
  name: 'openai',
  generationHeaders: ['X-Generation-Id'],
  error: errorReply,
  rateHeaders: openaiRateHeaders,
  reply,
  chunk,
  usageEvent,
  errorEvent,
  keepAlive: undefined,
  modelName: ({ asSpelled }) => asSpelled,
}

function errorReply(refused: Refused, ids: ReplyIds): ErrorReply {
  const status = refused.extras.status ?? errorRow(refused.code).status
  const body = JSON.stringify({ error: errorObject(refused), request_id: ids.requestId })
  return { status, headers: refusalHeaders(refused, status), body }
}

const errorObject = (refused: Refused) => ({
  message: sentenceOf(refused),
  type: errorRow(refused.code).type,
  param: refused.extras.param ?? null,
  code: refused.code,
  details: detailsOf(refused),
})

function reply(text: string, context: ReplyContext, settled: Settled, failure?: Refused): string {
  const body = openBody(text)
  const edits = identityEdits(context, objectName(context, 'whole'))
  edits.set('request_id', undefined)
  if (context.api === 'embeddings') edits.set('id', undefined).set('created', undefined)
  if (failure !== undefined) edits.set('choices', failedChoices(memberText(body, 'choices') ?? '[]', failure))
  for (const [key, value] of accounting(context, settled, reportedUsage(body)))
    if (value !== undefined) edits.set(key, value)
  return splice(body, edits)
}

function failedChoices(choices: string, failure: Refused): string | undefined {
  const edits = new Map([
    ['finish_reason', '"error"'],
    ['error', JSON.stringify(errorObject(failure))],
  ])
  return editChoices(choices, (choice) => (choice.position === 0 ? spliceChoice(choice, edits) : choice.text))
}

function chunk(data: string, context: ReplyContext, state: ChunkState): string | undefined {
  const body = readChunk(data, state)
  if (body === undefined) return undefined
  state.edits ??= identityEdits(context, objectName(context, 'chunk')).set('request_id', undefined)
  return splice(body, body.choices === NO_CHOICES ? new Map([...state.edits, ['choices', NO_CHOICES]]) : state.edits)
}

function usageEvent(context: ReplyContext, state: ChunkState, settled: Settled): string | undefined {
  if (!isUsageDue(context) || knownUsage(settled) === undefined) return undefined
  const choices = context.usageChoices === 'empty' ? '[]' : repeatedChoices(context, state)
  return objectText([...chunkHead(context), ['choices', choices], ...accounting(context, settled, state.usage)])
}

function errorEvent(refused: Refused, context: ReplyContext, state: ChunkState, settled: Settled | undefined): string {
  const due = settled !== undefined && isUsageDue(context)
  const content = context.api === 'completions' ? '"text":""' : '"delta":{}'
  return objectText([
    ...chunkHead(context),
    ['choices', `[{"index":0,${content},"finish_reason":"error"}]`],
    ['error', JSON.stringify(errorObject(refused))],
    ...(due ? accounting(context, settled, state.usage) : []),
  ])
}

const isUsageDue = ({ includeUsage, asked }: ReplyContext): boolean => includeUsage || asked

type Pair = readonly [key: string, text: string | undefined]

const chunkHead = (context: ReplyContext): Pair[] => [
  ['id', JSON.stringify(context.id)],
  ['object', JSON.stringify(objectName(context, 'chunk'))],
  ['created', String(context.created)],
  ['model', JSON.stringify(context.model)],
]

/** `usage`, and the money that was asked for. */
function accounting(context: ReplyContext, settled: Settled, reported: ReportedUsage | undefined): Pair[] {
  const requestId: Pair = ['request_id', context.asked ? JSON.stringify(context.requestId) : undefined]
  if (knownUsage(settled) === undefined) return [requestId]
  const { charge } = settled.priced
  const cost = context.asked && charge !== undefined ? decimalOf(charge) : undefined
  const details = cost === undefined ? undefined : costDetails(settled.priced)
  return [
    ['usage', usageText(context, settled, reported, cost)],
    ['cost', cost],
    ['cost_details', details && detailsText(details)],
    requestId,
  ]
}

/** Decimal texts are JSON numbers as they stand; the names come in the alphabet's order. */
const detailsText = (details: CostDetails): string =>
  objectText(Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1)))

function usageText(
  { api }: ReplyContext,
  { usage, source }: Settled,
  reported: ReportedUsage | undefined,
  cost: string | undefined,
): string | undefined {
  if (usage === undefined) return undefined
  const counts = api === 'embeddings' ? embeddingsUsage(usage) : openaiChatUsage(usage, reported?.value)
  const members = [JSON.stringify(counts).slice(1, -1)]
  if (reported !== undefined) members.push(usageExtras(reported))
  if (source === 'estimated') members.push('"usage_source":"estimated"')
  if (cost !== undefined) members.push(`"cost":${cost}`)
  return `{${members.filter((text) => text !== '').join(',')}}`
}

function repeatedChoices({ api }: ReplyContext, { finish }: ChunkState): string {
  const content = api === 'completions' ? { text: '' } : { delta: { role: 'assistant', content: '' } }
  return JSON.stringify([{ index: finish?.index ?? 0, ...content, finish_reason: finish?.stated ?? null }])
}
