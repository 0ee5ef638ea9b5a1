/**
 * OpenRouter's wire, for `/api/v1`: canonical names, the provider that served, finish reasons in one vocabulary beside
 * the provider's own, and usage with its money always.
 */
import { errorRow, type Refused } from '../contract/errors.ts'
import { decimalOf, openrouterCostDetails } from '../core/cost-details.ts'
import { embeddingsUsage, openrouterUsage } from '../core/usage-blocks.ts'
import {
  type Body,
  type Edits,
  identityEdits,
  knownUsage,
  memberText,
  objectText,
  openBody,
  splice,
} from './chat-body.ts'
import { type Choice, choiceText, editChoices, finishOf, spliceChoice } from './chat-choices.ts'
import { NO_CHOICES, objectName, readChunk } from './chat-chunk.ts'
import type { ChatDialect, ChunkState, ErrorReply, FinishReason, ReplyContext, Settled } from './dialect.ts'
import { openrouterRateHeaders } from './rate-headers.ts'
import { detailsOf, refusalHeaders, sentenceOf } from './refusals.ts'

export const openrouter: ChatDialect = {
  name: 'openrouter',
  generationHeaders: ['X-Generation-Id'],
  error: errorReply,
  rateHeaders: openrouterRateHeaders,
  reply,
  chunk,
  usageEvent,
  errorEvent,
  keepAlive: { comment: ': OPENROUTER PROCESSING', everyMs: 5000 },
  modelName: ({ canonical }) => canonical,
}

function errorReply(refused: Refused): ErrorReply {
  const status = statusOf(refused)
  return { status, headers: refusalHeaders(refused, status), body: JSON.stringify({ error: errorObject(refused) }) }
}

function errorObject(refused: Refused) {
  return { code: statusOf(refused), message: messageOf(refused), metadata: metadataOf(refused) }
}

function statusOf({ code, extras }: Refused): number {
  if (extras.status !== undefined) return extras.status
  if (extras.reason?.kind === 'key_limit_used_up') return 403
  if (extras.reason?.kind === 'key_limit') return 402
  const row = errorRow(code)
  return row.openrouterStatus ?? row.status
}

function messageOf(refused: Refused): string {
  const { code, stated, extras } = refused
  if (stated !== undefined) return stated
  if (extras.reason?.kind === 'unknown_model') return `${extras.reason.model} is not a valid model ID`
  return extras.reason === undefined
    ? (errorRow(code).openrouterMessage ?? errorRow(code).message)
    : sentenceOf(refused)
}

function metadataOf(refused: Refused) {
  const { code, extras } = refused
  const short = extras.reason?.kind === 'credits' || extras.reason?.kind === 'key_limit'
  return {
    error_type: extras.reason?.kind === 'key_limit' ? 'payment_required' : errorRow(code).errorType,
    // Tells that no provider was asked.
    provider_name: extras.providerName ?? (short ? null : undefined),
    provider_code: extras.providerCode,
    raw: statusOf(refused) < 500 ? extras.raw : undefined,
    previous_errors: extras.previousErrors,
    reasons: extras.reasons,
    flagged_input: extras.flaggedInput,
    details: detailsOf(refused),
  }
}

function reply(text: string, context: ReplyContext, settled: Settled, failure?: Refused): string {
  const body = openBody(text)
  const edits = servedEdits(body, context, 'whole')
  edits.set('usage', usageText(context, settled))
  if (context.api === 'embeddings') return splice(body, edits)
  if (memberText(body, 'system_fingerprint') === undefined) edits.set('system_fingerprint', 'null')
  if (memberText(body, 'service_tier') === undefined) edits.set('service_tier', JSON.stringify(settled.serviceTier))
  const choices = editChoices(memberText(body, 'choices') ?? '[]', (choice) => wholeChoice(choice, context, failure))
  edits.set('choices', choices ?? '[]')
  return splice(body, edits)
}

function chunk(data: string, context: ReplyContext, state: ChunkState): string | undefined {
  const body = readChunk(data, state)
  if (body === undefined) return undefined
  const edits = chunkEdits(body, context, state)
  if (memberText(body, 'system_fingerprint') === 'null') edits.set('system_fingerprint', undefined)
  else edits.delete('system_fingerprint')
  edits.set('choices', editChoices(body.choices, (choice) => chunkChoice(choice, context)) ?? NO_CHOICES)
  return splice(body, edits)
}

/** Made once a stream, except where the upstream names a provider itself. */
function chunkEdits(body: Body, context: ReplyContext, state: ChunkState): Edits {
  if (memberText(body, 'provider') !== undefined) return servedEdits(body, context, 'chunk')
  state.edits ??= servedEdits(body, context, 'chunk')
  return state.edits
}

function usageEvent(context: ReplyContext, state: ChunkState, settled: Settled): string | undefined {
  const usage = usageText(context, settled)
  if (usage === undefined) return undefined
  const choices = context.usageChoices === 'empty' ? '[]' : repeatedChoices(context, state)
  const tier = state.serviceTier ?? JSON.stringify(settled.serviceTier)
  return objectText([...chunkHead(context), ['service_tier', tier], ['choices', choices], ['usage', usage]])
}

function errorEvent(refused: Refused, context: ReplyContext, _state: ChunkState, settled: Settled | undefined): string {
  const content = context.api === 'completions' ? '"text":""' : '"delta":{"content":""}'
  return objectText([
    ...chunkHead(context),
    ['error', JSON.stringify(errorObject(refused))],
    ['choices', `[{"index":0,${content},"finish_reason":"error","native_finish_reason":null}]`],
    ['usage', settled && usageText(context, settled)],
  ])
}

const chunkHead = (context: ReplyContext): [key: string, text: string][] => [
  ['id', JSON.stringify(context.id)],
  ['object', JSON.stringify(objectName(context, 'chunk'))],
  ['created', String(context.created)],
  ['model', JSON.stringify(context.model)],
  ['provider', JSON.stringify(context.provider)],
]

/** Where the upstream names no provider, ours stands behind the model, in the text of the same edit. */
function servedEdits(body: Body, context: ReplyContext, form: 'whole' | 'chunk'): Edits {
  const edits = identityEdits(context, objectName(context, form))
  const provider = JSON.stringify(context.provider)
  if (memberText(body, 'provider') !== undefined) return edits.set('provider', provider)
  return edits.set('model', `${JSON.stringify(context.model)},"provider":${provider}`)
}

function wholeChoice(choice: Choice, { api }: ReplyContext, failure: Refused | undefined): string {
  const failed = failure !== undefined && choice.position === 0
  const edits = choiceEdits(choice, failed ? 'error' : undefined)
  if (failed) edits.set('error', JSON.stringify(errorObject(failure)))
  if (choiceText(choice, 'logprobs') === undefined) edits.set('logprobs', 'null')
  const message = choiceText(choice, 'message')
  if (api === 'chat' && message === undefined) edits.set('message', '{"role":"assistant","content":null}')
  else if (message !== undefined) edits.set('message', withRole(message))
  return spliceChoice(choice, edits)
}

function chunkChoice(choice: Choice, { api }: ReplyContext): string {
  const edits = choiceEdits(choice)
  const delta = choiceText(choice, 'delta')
  if (api === 'chat' && (delta === undefined || delta === 'null')) edits.set('delta', '{}')
  return spliceChoice(choice, edits)
}

function choiceEdits(choice: Choice, ending?: FinishReason): Edits {
  const edits: Edits = new Map()
  const finish = finishOf(choice.text, choice.position)
  const reason = JSON.stringify(ending ?? finish?.reason ?? null)
  const native = JSON.stringify(finish?.native ?? null)
  if (choiceText(choice, 'index') === undefined) edits.set('index', String(choice.position))
  if (choiceText(choice, 'native_finish_reason') === undefined) {
    return edits.set('finish_reason', `${reason},"native_finish_reason":${native}`)
  }
  return edits.set('finish_reason', reason).set('native_finish_reason', native)
}

function withRole(message: string): string {
  if (!message.startsWith('{')) return message
  const body = openBody(message)
  return memberText(body, 'role') === undefined ? splice(body, new Map([['role', '"assistant"']])) : message
}

/** The counts with the money between them; undefined: unknown. */
function usageText({ api }: ReplyContext, settled: Settled): string | undefined {
  const usage = knownUsage(settled)
  if (usage === undefined) return undefined
  const { charge } = settled.priced
  const pairs: [key: string, text: string | undefined][] = []
  const counts = api === 'embeddings' ? embeddingsUsage(usage) : openrouterUsage(usage)
  for (const [key, value] of Object.entries(counts)) {
    pairs.push([key, JSON.stringify(value)])
    if (key === 'total_tokens') pairs.push(['cost', charge && decimalOf(charge)], ['is_byok', String(settled.isByok)])
    if (key === 'completion_tokens_details') pairs.push(['cost_details', costDetailsText(settled, 'null')])
  }
  // Clients of embeddings read every member as a number.
  if (api === 'embeddings') pairs.push(['cost_details', costDetailsText(settled, undefined)])
  pairs.push(['usage_source', settled.source === 'estimated' ? '"estimated"' : undefined])
  return objectText(pairs)
}

function costDetailsText({ priced, isByok }: Settled, missing: 'null' | undefined): string | undefined {
  const details = openrouterCostDetails(priced, isByok)
  if (details === undefined) return undefined
  return objectText([
    ['upstream_inference_cost', details.upstreamInferenceCost ?? missing],
    ['upstream_inference_prompt_cost', details.promptCost],
    ['upstream_inference_completions_cost', details.completionsCost],
    ['server_tool_cost', details.serverToolCost],
  ])
}

function repeatedChoices({ api }: ReplyContext, { finish }: ChunkState): string {
  const content = api === 'completions' ? { text: '' } : { delta: { role: 'assistant', content: '' } }
  const index = finish?.index ?? 0
  return JSON.stringify([
    { index, ...content, finish_reason: finish?.reason ?? null, native_finish_reason: finish?.native ?? null },
  ])
}
