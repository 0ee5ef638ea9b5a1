/**
 * Random requests to the credits API and the naive ledger of model.ts side by side: every status, code, amount and balance
 * must agree, and at the end lists, sums, tables of rows and the ledger itself.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ErrorCode, errors } from '../src/contract/errors.ts'
import type { Idempotency } from '../src/core/ledger-commands.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { createIds, type Ids } from '../src/lib/id.ts'
import { nanosText } from '../src/lib/money.ts'
import { systemRandom } from '../src/lib/random.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { testClock } from './backends.ts'
import { commandsAt } from './commands.ts'
import { type Answer, createModel, type ModelAccount, type Names } from './model.ts'
import { freshDatabase } from './setup/fresh-database.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

/** A request before its ids are known: small numbers that pick from what there is. */
type Plan = { do: (typeof KINDS)[number]; who: number; which: number; size: number; life: number; key: number }

const KINDS = [
  ...(['create', 'add', 'add', 'add', 'credit', 'debit', 'deduct', 'reserve', 'reserve', 'reserve'] as const),
  ...(['confirm', 'confirm', 'confirm', 'confirm', 'cancel', 'extend', 'refund', 'refund', 'void'] as const),
  ...(['usage', 'usage', 'usage', 'status', 'replay', 'replay', 'wait', 'wait'] as const),
] as const
const plan: fc.Arbitrary<Plan> = fc.record({
  do: fc.constantFrom(...KINDS),
  who: fc.nat(5),
  which: fc.nat(11),
  size: fc.nat(120),
  life: fc.nat(5),
  key: fc.nat(9),
})
const history = fc.array(plan, { minLength: 30, maxLength: 70, size: 'max' })

/** Three customers, of one overage policy each, and credit for them all. */
const OPENING: readonly Plan[] = [0, 1, 2].flatMap((who) => [
  { do: 'create', who, which: who, size: 0, life: 0, key: 9 },
  { do: 'add', who: 0, which: 0, size: 100, life: 0, key: 9 },
])

/** Amounts are small next to what a token costs (gpt-4o: 2,500 nano-dollars in, 10,000 out), so that usage matters. */
const UNIT = 100_000n
const WAITS = [1_000, 30_000, 60_000, 360_000, 3_600_000, 90_000_000]
const LASTING = [null, 1_000, 60_000, 400_000, 7_200_000, 200_000_000]

type Sent = { method: string; url: string; body: object; headers: Record<string, string> }
/** What is sent, what the model is asked, and what both are compared by. */
type Step = {
  readonly sent: Sent
  readonly ask: () => Answer
  readonly read: (body: Reply['body']) => Answer
  /** Once it went through: what later requests may point at. */
  readonly learn?: (body: Reply['body'], answer: Passed) => void
  /** Of the account whose balance must be the model's now. */
  readonly owner: () => Owner | undefined
}
type Passed = Exclude<Answer, { refused: string }>
type Owner = { readonly model: ModelAccount; readonly id: string; readonly externalId: string }
type Known = { readonly name: bigint; readonly id: string; readonly owner: Owner }
type Pledged = Known & { readonly amount: bigint }

const nanos = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  return BigInt(whole + fraction.padEnd(9, '0')) * (text.startsWith('-') ? -1n : 1n)
}
const balanceOf = ({ decimal }: { decimal: Record<string, string> }) => ({
  posted: nanos(decimal.balance ?? ''),
  reserved: nanos(decimal.reserved ?? ''),
  available: nanos(decimal.available ?? ''),
})

/** An organisation of its own for each run, so that its lists hold nothing else. */
async function openWorld(api: Api, run: number) {
  const clock = { ...testClock(), now: () => api.store.now() }
  const ids: Ids = createIds({ clock, random: systemRandom })
  const admin = (path: string, body: object) => api.request('POST', `/api/admin/${path}`, api.operator, body)
  const organisation = (await admin('organisations', { name: `run-${run}`, timeZone: 'UTC' })).body.organisation
  const { key } = (await admin('management-keys', { name: 'n', role: 'admin', organisationId: organisation.id })).body
  const accounts: ModelAccount[] = []
  return {
    ...{ api, run, ids, accounts, now: clock.now, key: key as string },
    make: commandsAt(clock.now, ids),
    model: createModel(accounts, []),
    owners: [] as Owner[],
    reservations: [] as Pledged[],
    charges: [] as Known[],
    grants: [] as Known[],
    steps: [] as Step[],
    usage: [] as { owner: Owner; cost: bigint }[],
    /** By key and operation: what was answered the first time. */
    answered: new Map<string, string>(),
    request: (method: string, url: string, body?: object, headers?: Record<string, string>) =>
      api.request(method, url, key, body, headers),
  }
}
type World = Awaited<ReturnType<typeof openWorld>>

const pick = <T>(pool: readonly T[], which: number): T | undefined =>
  pool[pool.length - 1 - (which % Math.max(1, pool.length))]

function naming(world: World, { key }: Plan, operation: string, content: unknown) {
  if (key > 2) return { headers: {}, named: {} }
  const name = `run-${world.run}-${key}`
  const idempotency: Idempotency = { principal: 'all', operation, key: name, fingerprint: JSON.stringify(content) }
  return { headers: { 'idempotency-key': name }, named: { idempotency } }
}

/** As text or as a number: the same amount, but another body. */
const written = (amount: bigint, size: number) => (size % 2 === 0 ? nanosText(amount) : Number(nanosText(amount)))

function stepOf(world: World, plan: Plan): Step | undefined {
  const { owners } = world
  const owner = pick(owners, plan.who)
  if (plan.do === 'create' || !owner) return creation(world, plan)
  switch (plan.do) {
    case 'add':
    case 'credit':
      return addition(world, plan, owner)
    case 'debit':
    case 'deduct':
      return deduction(world, plan, owner)
    case 'reserve':
      return reserving(world, plan, owner)
    case 'confirm':
      return confirming(world, plan)
    case 'cancel':
    case 'extend':
      return plan.do === 'cancel' ? cancelling(world, plan) : extending(world, plan)
    case 'refund':
      return refunding(world, plan)
    case 'void':
      return voiding(world, plan)
    case 'usage':
      return telling(world, plan, owner)
    case 'status':
      return changing(world, plan, owner)
    case 'replay':
      return pick(world.steps, plan.which)
    case 'wait':
      world.api.forward(WAITS[plan.life] ?? 0)
      return undefined
  }
}

function creation(world: World, { who, which }: Plan): Step {
  const externalId = `customer-${who}`
  const taken = world.owners.some((owner) => owner.externalId === externalId)
  const overage = (['charge', 'cap', 'reject'] as const)[which % 3] ?? 'charge'
  const overdraft = which % 4 === 0 ? 40n * UNIT : 0n
  return {
    sent: { method: 'POST', url: '/v1/accounts', body: { name: 'C', externalId }, headers: {} },
    ask: () =>
      taken || world.owners.some((owner) => owner.externalId === externalId) ? { refused: 'external_id_taken' } : {},
    read: () => ({}),
    learn: ({ account }) => {
      const model = { id: world.ids.next().id, overage, overdraft }
      world.accounts.push(model)
      world.owners.push({ model, id: account.id, externalId })
    },
    owner: () => undefined,
  }
}

function addition(world: World, plan: Plan, owner: Owner): Step {
  const { api, make, model } = world
  const { which, life, size, key } = plan
  const amount = BigInt(3 * size + 1) * UNIT
  const lasting = plan.do === 'add' ? (LASTING[life] ?? null) : null
  const expiresAt = lasting === null ? null : api.store.now() + lasting
  const paymentId = plan.do === 'add' && key === 7 ? `pay-${world.run}-${life % 2}` : null
  const category = (['paid', 'promotional', 'adjustment'] as const)[which % 3] ?? 'paid'
  const priority = 1 + (which % 3)
  const more =
    plan.do === 'credit'
      ? { type: 'credit' }
      : { category, priority, ...(paymentId ? { paymentId } : {}), ...(expiresAt ? { expiresAt: iso(expiresAt) } : {}) }
  const body = { accountId: owner.id, amount: written(amount, size), description: 'in', ...more }
  const operation = plan.do === 'add' ? 'addCredits' : 'createTransaction'
  const { headers, named } = naming(world, plan, operation, body)
  const names: Names = {}
  return {
    sent: {
      ...{ method: 'POST', body, headers },
      url:
        plan.do === 'credit'
          ? '/v1/transactions'
          : which % 2
            ? `/v1/accounts/${owner.id}/credits`
            : '/v1/accounts/credits/add',
    },
    ask: () => {
      const again = named.idempotency && world.answered.has(`${operation} ${named.idempotency.key}`)
      if (expiresAt !== null && expiresAt <= api.store.now() && !again) return { refused: 'invalid_request' }
      const kind = plan.do === 'credit' ? ({ category: 'paid', priority: 50 } as const) : { category, priority }
      Object.assign(names, { transaction: world.ids.next().id, grant: world.ids.next().id })
      return posted(model.run(make.grant(owner.model.id, amount, { ...kind, expiresAt, paymentId, ...named }), names))
    },
    read:
      plan.do === 'credit'
        ? ofTransaction
        : (body) => ({ amount: nanos(body.decimal.added), posted: nanos(body.decimal.balance) }),
    learn: (body, answer) => {
      if (!answer.replay && names.grant !== undefined && body.grantId)
        world.grants.push({ name: names.grant, id: body.grantId, owner })
    },
    owner: () => owner,
  }
}

/** What a posting tells of the balance. */
const posted = (answer: Answer): Answer =>
  'refused' in answer
    ? answer
    : {
        amount: answer.amount,
        posted: (answer.balance as { posted: bigint }).posted,
        ...(answer.replay ? { replay: true } : {}),
      }
const ofTransaction = ({ transaction: { decimal } }: Reply['body']): Answer => ({
  amount: nanos(decimal.amount),
  posted: nanos(decimal.balanceAfter),
})
const iso = (at: number) => new Date(at).toISOString()

function deduction(world: World, plan: Plan, owner: Owner): Step {
  const amount = BigInt(plan.size + 1) * UNIT
  const isPosting = plan.do === 'debit'
  const body = {
    accountId: owner.id,
    amount: written(amount, plan.size),
    description: 'out',
    ...(isPosting ? { type: 'debit' } : {}),
  }
  const { headers, named } = naming(world, plan, isPosting ? 'createTransaction' : 'deductCredits', body)
  const names: Names = {}
  return {
    sent: { method: 'POST', url: isPosting ? '/v1/transactions' : `/v1/accounts/${owner.id}/debits`, body, headers },
    ask: () => {
      Object.assign(names, { transaction: world.ids.next().id })
      return posted(world.model.run(world.make.debit(owner.model.id, amount, named), names))
    },
    read: isPosting
      ? ofTransaction
      : (body) => ({ amount: nanos(body.decimal.deducted), posted: nanos(body.decimal.balance) }),
    learn: (body, answer) => {
      const id = isPosting ? body.transaction.id : body.transactionId
      if (!answer.replay) world.charges.push({ name: names.transaction ?? 0n, id, owner })
    },
    owner: () => owner,
  }
}

function reserving(world: World, plan: Plan, owner: Owner): Step {
  const { size, life, which } = plan
  const amount = BigInt(size + 1) * UNIT
  const ttlSeconds = life * 60 + 1
  const body = { externalId: owner.externalId, amount: written(amount, size), ttlSeconds }
  const { headers, named } = naming(world, plan, 'createReservation', body)
  let name = 0n
  return {
    sent: { method: 'POST', url: which % 2 ? '/v1/reservations' : '/v1/reservations/create', body, headers },
    ask: () => {
      const command = world.make.reserve(owner.model.id, amount, { ttlMs: ttlSeconds * 1_000, ...named })
      name = command.id
      return world.model.run(command, {})
    },
    read: ({ reservation, balance }) => ({
      amount: nanos(reservation.decimal.amount),
      admittedAt: Date.parse(reservation.createdAt),
      expiresAt: Date.parse(reservation.expiresAt),
      balance: balanceOf(balance),
    }),
    learn: ({ reservation }, answer) => {
      if (!answer.replay) world.reservations.push({ name, id: reservation.id, owner, amount })
    },
    owner: () => owner,
  }
}

const USAGES = [
  { modelId: 'gpt-4o', usageType: 'text', inputTokens: 40, outputTokens: 20 },
  { modelId: 'openai/gpt-4o', usageType: 'text', inputTokens: 100, cachedTokens: 60, outputTokens: 0 },
  { modelId: 'whisper-1', usageType: 'audio_stt', audioDurationSeconds: 1.5 },
] as const
/** At 2.5, 1.25 and 10 USD per million tokens, and 0.006 a minute. */
const COSTS = [300_000n, 175_000n, 150_000n]

function confirming(world: World, plan: Plan): Step | undefined {
  const { which, size, life } = plan
  const pledge = pick(world.reservations, which)
  if (!pledge) return undefined
  const asked = [pledge.amount, pledge.amount + BigInt(size) * UNIT, 0n, BigInt(size) * UNIT][life % 4] ?? 0n
  const told = which % 3 === 0 ? USAGES.slice(0, 1 + (size % 3)) : []
  const costs = COSTS.slice(0, told.length)
  const byUsage = told.length > 0 && size % 2 === 0
  const amount = byUsage ? costs.reduce((a, b) => a + b, 0n) : asked
  const onOverage = ([undefined, undefined, 'charge', 'cap', 'reject'] as const)[size % 5]
  const usage = told.length === 1 && life % 2 === 0 ? told[0] : told
  const body = {
    ...(byUsage ? {} : { actualAmount: written(asked, size) }),
    ...(told.length > 0 ? { usage } : {}),
    ...(onOverage ? { onOverage } : {}),
    ...(life > 3 ? { ifExpired: 'charge' } : {}),
  }
  const { headers, named } = naming(world, plan, 'confirmReservation', { ...body, usage: told, id: pledge.id })
  const names: Names = {}
  return {
    sent: { method: 'POST', url: `/v1/reservations/${pledge.id}/confirm`, body, headers },
    ask: () => {
      Object.assign(names, { transaction: world.ids.next().id })
      const { owner } = pledge
      const records = told.map((each) => toldBy(world, owner, each).record)
      const command = world.make.confirm({ id: pledge.name }, amount, {
        ...(records.length > 0 ? { usage: records } : {}),
        ...(onOverage ? { onOverage } : {}),
        ...(life > 3 ? { ifExpired: 'charge' } : {}),
        ...named,
        fingerprint: JSON.stringify([byUsage ? null : String(asked), told]),
      })
      return world.model.run(command, names)
    },
    read: (body) => ({
      status: body.status,
      ...amounts(body, ['reserved', 'charged', 'released', 'overage', 'writtenOff']),
      late: body.late,
      balance: balanceOf(body.balance),
    }),
    learn: (body, answer) => {
      expect(
        body.usageRecords.map(({ decimal }: { decimal: { estimatedCostUsd: string } }) =>
          nanos(decimal.estimatedCostUsd),
        ),
      ).toEqual(costs)
      if (answer.replay) return
      world.charges.push({ name: names.transaction ?? 0n, id: body.transactionId, owner: pledge.owner })
      for (const cost of costs) world.usage.push({ owner: pledge.owner, cost })
    },
    owner: () => pledge.owner,
  }
}

const amounts = ({ decimal }: { decimal: Record<string, string> }, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, nanos(decimal[name] ?? '')]))

/** A usage in the model's words: what it says is all that it is known by. */
const toldBy = ({ make }: World, owner: Owner, usage: object, more: { link?: bigint; dedupeKey?: string } = {}) =>
  make.usage(owner.model.id, more.link ?? null, {
    payloadHash: JSON.stringify(usage),
    dedupeKey: more.dedupeKey ?? null,
  })

function cancelling(world: World, plan: Plan): Step | undefined {
  const pledge = pick(world.reservations, plan.which)
  if (!pledge) return undefined
  const { headers, named } = naming(world, plan, 'cancelReservation', pledge.id)
  return {
    sent: { method: 'POST', url: '/v1/reservations/cancel', body: { reservationId: pledge.id }, headers },
    ask: () => world.model.run(world.make.cancel({ id: pledge.name }, named), {}),
    read: (body) => ({
      status: body.status,
      ...{
        reserved: pledge.amount,
        charged: 0n,
        ...amounts(body, ['released']),
        overage: 0n,
        writtenOff: 0n,
        late: false,
      },
      balance: balanceOf(body.balance),
    }),
    owner: () => pledge.owner,
  }
}

function extending(world: World, plan: Plan): Step | undefined {
  const pledge = pick(world.reservations, plan.which)
  if (!pledge) return undefined
  const ttlSeconds = 1 + plan.life * 20_000
  if (ttlSeconds > 86_400) return undefined
  const { headers, named } = naming(world, plan, 'extendReservation', [pledge.id, ttlSeconds])
  return {
    sent: { method: 'POST', url: `/v1/reservations/${pledge.id}/extend`, body: { ttlSeconds }, headers },
    ask: () => world.model.run(world.make.extend({ id: pledge.name }, { ttlMs: ttlSeconds * 1_000, ...named }), {}),
    read: ({ expiresAt }) => ({ expiresAt: Date.parse(expiresAt) }),
    owner: () => pledge.owner,
  }
}

function refunding(world: World, plan: Plan): Step | undefined {
  const charge = pick(world.charges, plan.which)
  if (!charge) return undefined
  const amount = plan.life === 0 ? undefined : BigInt(plan.size + 1) * UNIT
  const body = { ...(amount === undefined ? {} : { amount: written(amount, plan.size) }), reason: 'sorry' }
  const { headers, named } = naming(world, plan, 'refundTransaction', [charge.id, body])
  return {
    sent: { method: 'POST', url: `/v1/transactions/${charge.id}/refund`, body, headers },
    ask: () => posted(world.model.run(world.make.refund(charge.name, amount, named), {})),
    read: ofTransaction,
    owner: () => charge.owner,
  }
}

function voiding(world: World, plan: Plan): Step | undefined {
  const grant = pick(world.grants, plan.which)
  if (!grant) return undefined
  const { headers, named } = naming(world, plan, 'voidGrant', grant.id)
  return {
    sent: { method: 'POST', url: `/v1/grants/${grant.id}/void`, body: {}, headers },
    ask: () => posted(world.model.run(world.make.void(grant.owner.model.id, grant.name, named), {})),
    read: (body) => ({ amount: nanos(body.decimal.voided), posted: nanos(body.decimal.balance) }),
    owner: () => grant.owner,
  }
}

function telling(world: World, plan: Plan, owner: Owner): Step {
  const { which, life, key } = plan
  const charge = life === 0 ? undefined : pick(world.charges, which)
  const usage = USAGES[which % 3] ?? USAGES[0]
  const cost = COSTS[which % 3] ?? 0n
  // Now and then to an account that the transaction is not of.
  const named = life === 1 ? owner : (charge?.owner ?? owner)
  const link = charge ? { context: 'customer', transactionId: charge.id, accountId: named.id } : { context: 'system' }
  const dedupeKey = key > 2 ? undefined : `run-${world.run}-${key}`
  return {
    sent: {
      method: 'POST',
      url: '/v1/usage',
      body: { ...link, ...usage },
      headers: dedupeKey ? { 'idempotency-key': dedupeKey } : {},
    },
    ask: () => {
      const told = { ...(charge ? { link: charge.name } : {}), ...(dedupeKey ? { dedupeKey } : {}) }
      if (charge) return world.model.run(toldBy(world, named, usage, told), {})
      const { record, ...command } = toldBy(world, named, usage, told)
      return world.model.run({ ...command, accountId: null, record: { ...record, accountId: null } }, {})
    },
    read: ({ duplicate }) => ({ duplicate }),
    learn: (_body, answer) => {
      if (!answer.duplicate) world.usage.push({ owner: charge ? named : NOBODY, cost })
    },
    owner: () => (charge ? named : undefined),
  }
}

const NOBODY: Owner = { model: { id: 0n, overage: 'charge', overdraft: 0n }, id: '', externalId: '' }

function changing(world: World, { life, which }: Plan, owner: Owner): Step {
  const status = (['open', 'open', 'open', 'frozen', 'closed', 'open'] as const)[life] ?? 'open'
  const expiring = status === 'closed' && which % 2 === 0 ? { expire: true as const } : {}
  return {
    sent: { method: 'PATCH', url: `/v1/accounts/${owner.id}`, body: { status, ...expiring }, headers: {} },
    ask: () => {
      world.model.run(world.make.status(owner.model.id, status, expiring), {})
      return { status }
    },
    read: (body) => ({ status: body.status }),
    owner: () => owner,
  }
}

async function play(world: World, plan: Plan): Promise<void> {
  const step = stepOf(world, plan)
  if (!step) return
  world.steps.push(step)
  const { sent } = step
  const answer = step.ask()
  const reply = await world.request(sent.method, sent.url, sent.body, sent.headers)
  const label = JSON.stringify({ plan, sent, reply: reply.text })
  const { replay, ...expected }: Answer & { replay?: boolean } = answer
  if ('refused' in expected) {
    expect(reply.body.error?.code, label).toBe(expected.refused)
    expect(reply.status, label).toBe(errors[String(expected.refused) as ErrorCode].status)
    const who = step.owner()
    if (expected.refused === 'insufficient_credits' && !replay && who) {
      const available = Number(nanosText(modelBalance(world, who).available))
      expect(reply.body.error.details, label).toMatchObject({ available })
    }
  } else {
    expect(reply.status < 300 && step.read(reply.body), label).toEqual(expected)
    await settle(world, step, reply, answer as Passed)
  }
  const isMarked = reply.headers['idempotent-replay'] === 'true'
  if (!('duplicate' in expected)) expect(isMarked, label).toBe(replay === true)
  sameAsBefore(world, step, reply, replay === true)
  const owner = step.owner()
  if (owner) expect(await balanceNow(world, owner), label).toEqual(modelBalance(world, owner))
}

async function settle(world: World, step: Step, reply: Reply, answer: Passed): Promise<void> {
  const before = world.owners.length
  step.learn?.(reply.body, answer)
  const fresh = world.owners[before]
  if (!fresh) return
  const { overage, overdraft } = fresh.model
  await world.request('PATCH', `/v1/accounts/${fresh.id}`, { overage, overdraft: nanosText(overdraft) })
}

/** A stored answer comes back byte for byte. */
function sameAsBefore(world: World, { sent }: Step, { status, text }: Reply, isReplay: boolean): void {
  const key = sent.headers['idempotency-key']
  if (key === undefined || sent.url === '/v1/usage') return
  const name = `${operationOf(sent.url)} ${key}`
  const first = world.answered.get(name)
  if (first === undefined && (status < 300 || status === 402 || status === 409 || status === 410))
    world.answered.set(name, stable(status, text))
  else if (isReplay && first !== undefined) expect(stable(status, text)).toBe(first)
}

/** Every reply has a request id of its own, which errors repeat in their body. */
const stable = (status: number, text: string) => `${status} ${text.replace(/"request_id":"[0-9a-f]+"/, '')}`

const operationOf = (url: string): string =>
  ({
    credits: 'addCredits',
    add: 'addCredits',
    debits: 'deductCredits',
    transactions: 'createTransaction',
    reservations: 'createReservation',
    create: 'createReservation',
  })[url.split('/').at(-1) ?? ''] ??
  url.split('/').at(-1) ??
  ''

const balanceNow = async ({ request }: World, { id }: Owner) =>
  balanceOf((await request('GET', `/v1/accounts/${id}/balance`)).body)

/** A void of nothing changes nothing, but brings the account to now. */
function modelBalance({ model, make, accounts }: World, { model: { id, overdraft } }: Owner) {
  model.run(make.void(id, -1n), {})
  const { posted = 0n, reserved = 0n } = model.state().accounts[accounts.findIndex((each) => each.id === id)] ?? {}
  const free = posted + overdraft - reserved
  return { posted, reserved, available: free > 0n ? free : 0n }
}

/** Every row of a list, by its pages. */
async function all(world: World, url: string, name: string): Promise<Reply['body'][]> {
  const rows: Reply['body'][] = []
  for (let cursor = ''; ; ) {
    const { body } = await world.request('GET', `${url}${url.includes('?') ? '&' : '?'}limit=7${cursor}`)
    rows.push(...body[name])
    if (body.pagination.nextCursor === null) {
      expect(body.pagination.totalCount).toBe(rows.length)
      return rows
    }
    cursor = `&cursor=${body.pagination.nextCursor}`
  }
}

/** Lists, sums and rows of a whole run. */
async function compare(world: World): Promise<void> {
  for (const owner of world.owners) {
    expect(await balanceNow(world, owner)).toEqual(modelBalance(world, owner))
    // Refused, but it books what is over by now.
    await world.request('POST', `/v1/accounts/${owner.id}/debits`, { amount: 999_999_999, description: 'too much' })
  }
  const state = world.model.state()
  for (const [index, owner] of world.owners.entries()) {
    const who = `accountId=${owner.id}`
    const transactions = await all(world, `/v1/transactions?${who}`, 'items')
    const shown = transactions.map(({ kind, decimal }) => `${kind} ${nanos(decimal.amount)}`)
    expect(shown.sort()).toEqual(
      (state.transactions[index] ?? []).map((text) => text.split(' ').slice(0, 2).join(' ')).sort(),
    )
    const grants = (await all(world, `/v1/grants?${who}`, 'grants')).reverse()
    expect(
      grants.map(({ decimal, expiresAt }) => ({
        ...amounts({ decimal }, ['remaining', 'reserved']),
        expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
      })),
    ).toEqual(state.grants[index])
  }
  for (const owner of [undefined, ...world.owners]) await compareUsage(world, owner)
}

async function compareUsage(world: World, owner: Owner | undefined): Promise<void> {
  const costs = world.usage.flatMap((each) => (!owner || each.owner === owner ? [each.cost] : []))
  const cost = costs.reduce((a, b) => a + b, 0n)
  const query = owner ? `?accountId=${owner.id}` : ''
  const { summary } = (await world.request('GET', `/v1/usage/summary${query}`)).body
  expect([nanos(summary.decimal.totalCostUsd), summary.totalRecords]).toEqual([cost, costs.length])
  const pages = await all(world, `/v1/usage${query}`, 'usageRecords')
  expect([sumOf(pages.map(({ decimal }) => decimal.estimatedCostUsd)), pages.length]).toEqual([cost, costs.length])
  const { text } = await world.request('GET', `/v1/usage${query}`, undefined, { accept: 'text/csv' })
  const [head = '', ...lines] = text.trimEnd().split('\r\n')
  const column = head.split(',').indexOf('estimatedCostUsd')
  expect([sumOf(lines.map((line) => line.split(',')[column] ?? '')), lines.length]).toEqual([cost, costs.length])
}

const sumOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + nanos(text), 0n)

let runs = 0

describe('the credits API agrees with the model of its ledger', () => {
  for (const { name, env, numRuns } of [
    { name: 'SQLite', env: async () => ({}), numRuns: 15 },
    { name: 'PostgreSQL', env: async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() }), numRuns: 8 },
  ])
    test(`on ${name}: each answer, each balance, each list and each sum`, async () => {
      const api = await openApi(undefined, { env: await env(), still: true })
      try {
        await fc.assert(
          fc.asyncProperty(history, async (plans) => {
            const world = await openWorld(api, ++runs)
            for (const each of [...OPENING, ...plans]) await play(world, each)
            await compare(world)
            expect(api.faults.splice(0)).toEqual([])
          }),
          { numRuns, ...seed },
        )
        expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
      } finally {
        await api.close()
      }
    }, 90_000)
})
