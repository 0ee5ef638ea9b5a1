/** Makes ledger commands with everything a test does not care about filled in. Amounts are nano-dollars; `usd` makes them. */
import type {
  AddGrant,
  Cancel,
  Confirm,
  Debit,
  Extend,
  Outcome,
  RecordUsage,
  Refund,
  ReserveCredits,
  ReserveGeneration,
  SetStatus,
  Settle,
  Told,
  VoidGrant,
} from '../src/core/ledger-commands.ts'
import type { Id, Ids } from '../src/lib/id.ts'
import { nanosRatio } from '../src/lib/money.ts'
import { ZERO } from '../src/lib/ratio.ts'
import { ORGANISATION } from './backends.ts'

export const usd = (dollars: number): bigint => BigInt(Math.round(dollars * 1_000_000)) * 1_000n

/** Time to live and grace of a reservation where a test names none. */
export const TTL = 300_000
export const GRACE = 60_000

export type Commands = ReturnType<typeof commandsAt>

export function commandsAt(now: () => number, ids: Ids) {
  const common = () => ({ organisationId: ORGANISATION, at: now() })
  const noted = { actor: 'test', description: null, metadata: null }
  return {
    grant: (accountId: bigint, amount: bigint, more: Partial<AddGrant> = {}): AddGrant => ({
      type: 'grant',
      ...common(),
      ...noted,
      accountId,
      amount,
      category: 'paid',
      priority: 50,
      expiresAt: null,
      paymentId: null,
      ...more,
    }),
    reserve: (accountId: bigint, amount: bigint, more: Partial<ReserveCredits> = {}): ReserveCredits => ({
      type: 'reserve_credits',
      ...common(),
      ...ids.next(),
      accountId,
      amount,
      ttlMs: TTL,
      graceMs: GRACE,
      context: '{}',
      ...more,
    }),
    admit: (accountId: bigint | null, amount: bigint, more: Partial<ReserveGeneration> = {}): ReserveGeneration => ({
      type: 'reserve',
      ...common(),
      ...ids.next(),
      accountId,
      apiKeyId: null,
      owner: 0,
      demand: { fixed: nanosRatio(amount), outputUnitPrice: ZERO, inputTokens: 100, outputTokens: 50, choices: 1 },
      chain: [],
      context: '{}',
      ...more,
    }),
    settle: (of: ReserveGeneration, charge: bigint | null, { record, ...more }: SettleMore = {}): Settle => ({
      type: 'settle',
      ...common(),
      record: { ...recordOf(of, charge, now()), ...record },
      quote: charge ?? 0n,
      holds: of.chain.map((link) => ({ ...link, quantity: 0n })),
      upstreamNanos: charge ?? 0n,
      details: null,
      actor: 'gateway',
      ...more,
    }),
    confirm: (of: { id: bigint }, amount: bigint, more: Partial<Confirm> = {}): Confirm => ({
      type: 'confirm',
      ...common(),
      reservationId: of.id,
      amount,
      fingerprint: `confirm ${amount}`,
      actor: 'test',
      ...more,
    }),
    cancel: (of: { id: bigint }, more: Partial<Cancel> = {}): Cancel => ({
      type: 'cancel',
      ...common(),
      reservationId: of.id,
      actor: 'test',
      ...more,
    }),
    extend: (of: { id: bigint }, more: Partial<Extend> = {}): Extend => ({
      type: 'extend',
      ...common(),
      reservationId: of.id,
      ttlMs: TTL,
      graceMs: GRACE,
      ...more,
    }),
    debit: (accountId: bigint, amount: bigint, more: Partial<Debit> = {}): Debit => ({
      type: 'debit',
      ...common(),
      ...noted,
      accountId,
      amount,
      ...more,
    }),
    refund: (transactionId: bigint, amount?: bigint, more: Partial<Refund> = {}): Refund => ({
      type: 'refund',
      ...common(),
      transactionId,
      ...(amount === undefined ? {} : { amount }),
      actor: 'test',
      description: null,
      ...more,
    }),
    /** Of what a caller tells: linked to a transaction of the account, or to none in `system` context. */
    usage: (accountId: bigint | null, transactionId: bigint | null, more: Partial<Told> = {}): RecordUsage => ({
      type: 'record_usage',
      ...common(),
      accountId,
      transactionId,
      record: told(ids.next(), accountId, now(), more),
    }),
    void: (accountId: bigint, grantId: bigint, more: Partial<VoidGrant> = {}): VoidGrant => ({
      type: 'void',
      ...common(),
      accountId,
      grantId,
      actor: 'test',
      ...more,
    }),
    status: (accountId: bigint, status: SetStatus['status'], more: Partial<SetStatus> = {}): SetStatus => ({
      type: 'set_status',
      ...common(),
      accountId,
      status,
      ...more,
    }),
  }
}

type SettleMore = Partial<Omit<Settle, 'record'>> & { record?: Partial<Settle['record']> }

const recordOf = (
  { id, code, organisationId, accountId, apiKeyId, at }: ReserveGeneration & Id,
  charge: bigint | null,
  now: number,
): Settle['record'] => ({
  id,
  organisationId,
  code,
  kind: 'original',
  context: accountId === null ? 'system' : 'customer',
  accountId,
  apiKeyId,
  model: 'acme/small',
  provider: 'acme',
  status: 'ok',
  source: 'reported',
  inputTokens: 100,
  cachedTokens: 40,
  cacheWriteTokens: 0,
  outputTokens: 20,
  reasoningTokens: 5,
  counts: '{}',
  flags: [],
  rateCardId: null,
  costNanos: charge,
  chargeNanos: charge,
  costExact: null,
  chargeExact: null,
  cacheSavingNanos: 30n,
  items: charge ? JSON.stringify([{ meter: 'input', costNanos: String(charge), chargeNanos: String(charge) }]) : '[]',
  isByok: false,
  limitNanos: null,
  admittedAt: at,
  occurredAt: at,
  latencyMs: now - at,
  firstTokenMs: null,
  detailsHash: null,
  generation: '{}',
  usageType: 'text',
})

/** A usage of a caller, which cost a tenth of a dollar and has no charge of its own. */
const told = (id: Id, accountId: bigint | null, at: number, more: Partial<Told> = {}): Told => ({
  ...{ ...id, organisationId: ORGANISATION, kind: 'original', accountId, apiKeyId: null, detailsHash: null },
  context: accountId === null ? 'system' : 'customer',
  ...{ model: 'acme/small', provider: 'acme', status: 'ok', source: 'reported', usageType: 'text' },
  ...{ inputTokens: 100, cachedTokens: 40, cacheWriteTokens: 0, outputTokens: 20, reasoningTokens: 5 },
  ...{ counts: '{}', flags: [], rateCardId: null, isByok: false, limitNanos: null, generation: '{}' },
  ...{ costNanos: usd(0.1), chargeNanos: null, costExact: '0.1', chargeExact: null, cacheSavingNanos: 20n },
  items: JSON.stringify([{ meter: 'input', costNanos: String(usd(0.1)) }]),
  ...{ admittedAt: at, occurredAt: at, latencyMs: null, firstTokenMs: null },
  ...{ description: null, metadata: null, sequence: null, dedupeKey: null, payloadHash: 'payload' },
  ...more,
})

/** The result of a command that went through; fails the test otherwise. */
export function resultOf<K extends Extract<Outcome, { ok: true }>['result']['kind']>(outcome: Outcome, kind: K) {
  if (!outcome.ok)
    throw new Error(
      `refused: ${JSON.stringify(outcome, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    )
  if (outcome.result.kind !== kind) throw new Error(`${outcome.result.kind} instead of ${kind}`)
  return outcome.result as Extract<Extract<Outcome, { ok: true }>['result'], { kind: K }>
}

/** Why a command was refused; `done` where it was not. */
export const refusalOf = (outcome: Outcome): string =>
  outcome.ok ? 'done' : 'refusal' in outcome ? outcome.refusal.code : outcome.failure
