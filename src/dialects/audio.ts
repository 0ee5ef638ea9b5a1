/**
 * Speech and transcripts on either mount: the provider's reply or events as they came, with our usage in place of the
 * provider's and none of its money. The event that says `done` is the last word, and waits for the charge.
 */
import { errorRow } from '../contract/errors.ts'
import { costDetails, decimalOf } from '../core/cost-details.ts'
import { transcriptionUsage } from '../core/usage-blocks.ts'
import { eventText } from '../lib/sse.ts'
import { type Body, type Edits, knownUsage, memberText, objectText, openBody, splice } from './chat-body.ts'
import type { ChunkState, Dialect, ErrorDialect, ReplyContext, Settled } from './dialect.ts'

type Money = 'asked' | 'always'
type Mount = ErrorDialect & Pick<Dialect, 'modelName'> & { readonly money: Money }

/** Errors before the first byte and names of models are those of the mount. */
export function audio({ money, ...mount }: Mount): Dialect {
  return {
    ...mount,
    keepAlive: undefined,
    reply: (text, context, settled) => withAccounting(openBody(text), accounting(context, settled, money)),
    chunk: passOn,
    ending: (context, state, settled) =>
      typeof state.own === 'string'
        ? eventText(withAccounting(openBody(state.own), accounting(context, settled, money)))
        : '',
    failure(refused, context, _state, settled) {
      const { requestId, id: generationId } = context
      const { body } = mount.error(refused, { requestId, generationId })
      const error = memberText(openBody(body), 'error') ?? JSON.stringify({ message: errorRow(refused.code).message })
      const told = settled ? accounting(context, settled, money) : []
      return eventText(objectText([['type', '"error"'], ['error', error], ...told]))
    },
  }
}

const LAST = /^"(?:speech\.audio|transcript\.text)\.done"$/

/** Each event but the last goes on as it came. */
function passOn(data: string, _context: ReplyContext, state: ChunkState): string | undefined {
  const body = openBody(data)
  if (!LAST.test(memberText(body, 'type') ?? '')) return eventText(splice(body, withoutMoney()))
  state.own = data
  state.finish = { index: 0, stated: 'stop', reason: 'stop', native: 'stop' }
  state.finishedChoices.add(0)
  return undefined
}

/** Names of what is ours to tell, or the provider's own money. */
const REPLACED = ['usage', 'cost', 'cost_details', 'is_byok', 'cost_in_usd_ticks', 'estimated_cost', 'request_id']

const withoutMoney = (): Edits => new Map(REPLACED.map((key) => [key, undefined]))

type Pair = readonly [key: string, text: string | undefined]

function withAccounting(body: Body, pairs: readonly Pair[]): string {
  const edits = withoutMoney()
  for (const [key, text] of pairs) if (text !== undefined) edits.set(key, text)
  return splice(body, edits)
}

/** `usage`, and the money as the mount tells it. */
function accounting(context: ReplyContext, settled: Settled, money: Money): Pair[] {
  const requestId: Pair = ['request_id', context.asked ? JSON.stringify(context.requestId) : undefined]
  const { charge } = settled.priced
  const cost = (money === 'always' || context.asked) && charge !== undefined ? decimalOf(charge) : undefined
  const usage: Pair = ['usage', usageText(settled, money, cost)]
  if (money === 'always' || cost === undefined) return [usage, requestId]
  const details = costDetails(settled.priced)
  const named = details && objectText(Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1)))
  return [usage, ['cost', cost], ['cost_details', named], requestId]
}

/** OpenRouter's kind says neither what it is counted by nor the parts of the input. */
function usageText(settled: Settled, money: Money, cost: string | undefined): string | undefined {
  const usage = knownUsage(settled)
  if (usage === undefined) return undefined
  const { type, ...counts } = countsOf(usage)
  const shown = Object.entries(money === 'always' ? counts : { type, ...counts }).filter(
    ([key]) => money === 'asked' || key !== 'input_token_details',
  )
  return objectText([
    ...shown.map(([key, value]): Pair => [key, value === undefined ? undefined : JSON.stringify(value)]),
    ['usage_source', settled.source === 'estimated' ? '"estimated"' : undefined],
    ['cost', cost],
  ])
}

/** Speech that is paid for by the character has its count and no more. */
function countsOf(usage: NonNullable<Settled['usage']>): Readonly<Record<string, unknown>> {
  const characters = usage.parts.map(({ counts }) => counts.get('characters')).find((count) => count !== undefined)
  return characters ? { type: 'characters', characters: Number(characters.n) } : transcriptionUsage(usage)
}
