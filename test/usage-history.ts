/** A random history of calls, written as the gateway and callers write it, and the same by hand: what reports must come to. */
import fc from 'fast-check'
import type { Settle } from '../src/core/ledger-commands.ts'
import type { GenerationStatus, UsageSource } from '../src/core/usage-rows.ts'
import type { Api } from './api-kit.ts'
import { commandsAt } from './commands.ts'

export type Happened = {
  readonly occurredAt: number
  readonly apiKey: number | null
  readonly account: number | null
  readonly model: string
  readonly provider: string
  readonly status: GenerationStatus
  readonly source: UsageSource
  readonly input: number
  readonly cached: number
  readonly output: number
  readonly reasoning: number
  readonly cost: bigint | null
  readonly charge: bigint | null
  readonly saving: bigint
  readonly latency: number
  readonly endUser: string | null
  readonly tags: Readonly<Record<string, string>> | null
  /** Told by a caller: without a key, a charge and details. */
  readonly isTold: boolean
}

export const USERS = ['alice', 'bob@example.com', '=1+1,"x"', 'ünï\ncode'] as const
const TAGS = [
  { team: 'red' },
  { team: 'red', env: 'prod' },
  { env: 'prod', team: 'red' },
  { 'a:b': 'c","team":"red' },
] as const
export const MODELS = ['acme/small', 'acme/large', 'other/one'] as const
const SPAN = 45 * 86_400_000

const count = fc.integer({ min: 0, max: 100_000 })
const money = fc.option(fc.oneof(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 5n * 10n ** 15n)), { freq: 5 })

/** Within the 45 days behind an instant, many of them on the edge of a quarter hour. */
export const happened = (from: number): fc.Arbitrary<Happened> =>
  fc
    .record({
      occurredAt: fc
        .tuple(fc.integer({ min: 0, max: SPAN / 900_000 - 1 }), fc.constantFrom(0, 1, 899_999, 450_000))
        .map(([quarter, rest]) => from + quarter * 900_000 + rest),
      apiKey: fc.option(fc.integer({ min: 0, max: 2 })),
      account: fc.option(fc.integer({ min: 0, max: 2 })),
      model: fc.constantFrom(...MODELS),
      provider: fc.constantFrom('acme', 'other'),
      status: fc.constantFrom(
        'ok' as const,
        'ok' as const,
        'error' as const,
        'cancelled' as const,
        'interrupted' as const,
      ),
      source: fc.constantFrom('reported' as const, 'estimated' as const, 'unknown' as const),
      input: count,
      cached: count,
      output: count,
      reasoning: count,
      cost: money,
      charge: money,
      saving: fc.bigInt(-1_000n, 10n ** 9n),
      latency: fc.integer({ min: 0, max: 5_000 }),
      endUser: fc.option(fc.constantFrom(...USERS)),
      tags: fc.option(fc.constantFrom(...TAGS)),
      isTold: fc.boolean(),
    })
    .map((each) =>
      each.isTold
        ? { ...each, apiKey: null, charge: null, endUser: null, tags: null, latency: 0, account: null }
        : each,
    )

export type Owners = {
  readonly keys: readonly { readonly id: bigint; readonly hash: string }[]
  readonly accounts: readonly { readonly id: bigint; readonly code: string }[]
}

type Place = Pick<Api, 'store' | 'turnpike'>

export async function write({ store, turnpike }: Place, owners: Owners, calls: readonly Happened[]): Promise<void> {
  const { organisation, gateway } = turnpike.server
  const make = commandsAt(() => store.now(), store.ids)
  await Promise.all(
    calls.map((call) => {
      const details = detailsOf(call, organisation.id, gateway.hashDetails)
      const admitted = { ...make.admit(null, 0n), organisationId: organisation.id }
      const figures = figuresOf(call)
      if (call.isTold) {
        const told = make.usage(null, null, {
          ...figures,
          organisationId: organisation.id,
          payloadHash: store.ids.next().code,
        })
        return store.post({ ...told, organisationId: organisation.id })
      }
      const account = call.account === null ? undefined : owners.accounts[call.account]
      const key = call.apiKey === null ? undefined : owners.keys[call.apiKey]
      const record: Partial<Settle['record']> = {
        ...figures,
        organisationId: organisation.id,
        accountId: account?.id ?? null,
        context: account ? 'customer' : 'system',
        apiKeyId: key?.id ?? null,
        detailsHash: details?.hash ?? null,
      }
      return store.post({ ...make.settle(admitted, call.charge, { record, details }), organisationId: organisation.id })
    }),
  )
}

const figuresOf = (call: Happened) => ({
  model: call.model,
  provider: call.provider,
  status: call.status,
  source: call.source,
  inputTokens: call.input,
  cachedTokens: call.cached,
  outputTokens: call.output,
  reasoningTokens: call.reasoning,
  costNanos: call.cost,
  chargeNanos: call.charge,
  cacheSavingNanos: call.saving,
  costExact: null,
  items: JSON.stringify([
    {
      meter: 'input',
      costNanos: String(call.cost ?? 0n),
      ...(call.charge === null ? {} : { chargeNanos: String(call.charge) }),
    },
  ]),
  admittedAt: call.occurredAt,
  occurredAt: call.occurredAt,
  latencyMs: call.latency,
  generation: call.isTold ? '{}' : JSON.stringify({ requestedModel: call.model }),
})

function detailsOf({ endUser, tags }: Happened, organisationId: bigint, hash: (texts: readonly string[]) => string) {
  if (endUser === null && tags === null) return null
  const metadata = tags === null ? null : JSON.stringify(tags)
  return {
    ...{ hash: hash([endUser ?? '', metadata ?? '']), organisationId, endUser, metadata },
    ...{ sessionId: null, userAgent: null, referer: null, title: null, createdAt: 0 },
  }
}

export async function createOwners({ store, turnpike }: Place): Promise<Owners> {
  const organisation_id = turnpike.server.organisation.id
  const created_at = BigInt(store.now())
  const ids = Array.from({ length: 3 }, () => store.ids.next())
  const accounts = ids.map(({ id, code }) => ({
    ...{ id, code, organisation_id, external_id: code, name: code, email: null, metadata: null, status: 'open' },
    ...{ overage: 'charge', reserve_mode: null, overdraft_nanos: 0n, posted_nanos: 0n, reserved_nanos: 0n },
    ...{ last_at: 0n, created_at, updated_at: created_at },
  }))
  const keys = ids.map(() => {
    const { id, code } = store.ids.next()
    return {
      ...{
        id,
        code,
        organisation_id,
        hash: code,
        name: code,
        label: code,
        account_id: null,
        disabled: 0n,
        deleted_at: null,
      },
      ...{ expires_at: null, limit_budget_id: null, include_byok_in_limit: 0n, created_at, updated_at: null },
    }
  })
  await store.write([store.sql.insertInto('accounts').values(accounts), store.sql.insertInto('api_keys').values(keys)])
  return { keys, accounts }
}
