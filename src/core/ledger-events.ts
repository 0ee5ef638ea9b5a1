/**
 * What the ledger tells of its own accord, as rows for the outbox: written in the step that is their cause. The shapes
 * are those of `contract/events.ts`. Dollars are numbers with the exact text beside them; instants are RFC 3339.
 */
import type { EventType } from '../contract/events.ts'
import { instantText } from '../lib/clock.ts'
import { generationId, type Ids } from '../lib/id.ts'
import { nanosNumber, nanosText } from '../lib/money.ts'
import type { Draft } from './ledger-draft.ts'
import type { Account, Grant, OutboxEvent, Reservation } from './ledger-rows.ts'
import type { UsageRecord } from './usage-rows.ts'

type Cause = { readonly organisationId: bigint; readonly at: number; readonly ids: Ids }

/**
 * How little an account has, by what is posted: reservations are not spent. Each level that was not told before is told
 * once, until the balance has risen above it again.
 */
export function tellCredits(draft: Draft, accountId: bigint, at: number, ids: Ids): void {
  const account = draft.account(accountId)
  if (!account) return
  const level = levelOf(account)
  if (level === account.creditLevel) return
  for (let passed = account.creditLevel + 1; passed <= level; passed++) {
    const type = LEVELS[passed]
    if (type && !(passed === LOW && account.lowCredit === null)) draft.emit(creditEvent(type, account, at, ids))
  }
  account.creditLevel = level
}

const LEVELS: readonly (EventType | undefined)[] = [undefined, 'credits.low', 'credits.depleted', 'credits.negative']
const [ENOUGH, LOW, DEPLETED, NEGATIVE] = [0, 1, 2, 3]

function levelOf({ posted, lowCredit }: Account): number {
  if (posted < 0n) return NEGATIVE
  if (posted === 0n) return DEPLETED
  return lowCredit !== null && posted <= lowCredit ? LOW : ENOUGH
}

function creditEvent(type: EventType, account: Account, at: number, ids: Ids): OutboxEvent {
  const { posted, reserved, overdraft, lowCredit } = account
  const free = posted + overdraft - reserved
  const amounts = { balanceUsd: posted, reservedUsd: reserved, availableUsd: free > 0n ? free : 0n }
  return eventOf(
    type,
    {
      ...accountNames(account),
      ...money(lowCredit === null ? amounts : { ...amounts, thresholdUsd: lowCredit }),
      ...(lowCredit === null ? { thresholdUsd: null } : {}),
    },
    { organisationId: account.organisationId, at, ids },
  )
}

export const grantExpired = (account: Account, grant: Grant, lost: bigint, at: number, ids: Ids): OutboxEvent =>
  eventOf(
    'grant.expired',
    {
      ...accountNames(account),
      grantId: `grant_${grant.code}`,
      category: grant.category,
      ...money({ amountUsd: grant.amount, lostUsd: lost, balanceUsd: account.posted }),
      expiresAt: grant.expiresAt === null ? null : instantText(grant.expiresAt),
    },
    { organisationId: account.organisationId, at, ids },
  )

export const reservationExpired = (
  account: Account,
  { code, amount, expiresAt }: Reservation,
  at: number,
  ids: Ids,
): OutboxEvent =>
  eventOf(
    'reservation.expired',
    {
      ...accountNames(account),
      reservationId: `res_${code}`,
      ...money({ releasedUsd: amount }),
      expiresAt: expiresAt === null ? null : instantText(expiresAt),
    },
    { organisationId: account.organisationId, at, ids },
  )

/** What is remarkable about a finished call. */
export function tellCall(
  draft: Draft,
  record: UsageRecord,
  account: Account | undefined,
  { quote, ids }: { quote: bigint; ids: Ids },
): void {
  const cause = { organisationId: record.organisationId, at: record.recordedAt, ids }
  const call = {
    generationId: generationId(record.code),
    accountId: account ? `acc_${account.code}` : null,
    externalId: account?.externalId ?? null,
    model: record.model,
    provider: record.provider,
  }
  const charge = record.chargeNanos === null ? { chargeUsd: null } : money({ chargeUsd: record.chargeNanos })
  if (record.status === 'interrupted')
    draft.emit(
      eventOf(
        'generation.interrupted',
        {
          ...call,
          ...charge,
          inputTokens: record.inputTokens,
          outputTokens: record.outputTokens,
          admittedAt: instantText(record.admittedAt),
        },
        cause,
      ),
    )
  if (record.flags.includes('over_quote'))
    draft.emit(
      eventOf('quote.exceeded', { ...call, ...money({ chargeUsd: record.chargeNanos ?? 0n, quoteUsd: quote }) }, cause),
    )
  tellUnpriced(draft, record, ids)
}

/** Once a day and model: a model without a price is called again and again. */
export function tellUnpriced(draft: Draft, record: UsageRecord, ids: Ids): void {
  if (record.costNanos !== null || record.source === 'unknown') return
  const day = instantText(record.recordedAt).slice(0, 10)
  const { organisationId, model, provider, recordedAt: at } = record
  draft.emit({
    ...eventOf('usage.unpriced', { model, provider, day }, { organisationId, at, ids }),
    onceKey: `usage.unpriced ${day} ${model}`,
  })
}

export function eventOf(type: EventType, data: object, { organisationId, at, ids }: Cause): OutboxEvent {
  return { ...ids.next(), organisationId, type, data: JSON.stringify(data), createdAt: at }
}

/** `{lostUsd: 5n}` → a number under the same name, and its exact text in `decimal`. */
export function money(amounts: Readonly<Record<string, bigint>>): Record<string, unknown> {
  const each = <T>(write: (amount: bigint) => T) =>
    Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, write(amount)]))
  return { ...each(nanosNumber), decimal: each(nanosText) }
}

const accountNames = ({ code, externalId }: Pick<Account, 'code' | 'externalId'>) => ({
  accountId: `acc_${code}`,
  externalId,
})
