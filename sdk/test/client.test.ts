/** Every operation that the server describes, through the client, before a whole Turnpike. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTurnpike, type Turnpike } from '../../test/turnpike.ts'
import { ConflictError, InsufficientCreditsError, TurnpikeClient } from '../src/index.ts'
import { endpoints } from '../src/schema.gen.ts'
import { creditsSuite } from './credits.suite.ts'

let turnpike: Turnpike
let client: TurnpikeClient
/** Holds a key of the demo account. */
let customer: TurnpikeClient
const asked: string[] = []
const counted: typeof fetch = (url, init) => {
  asked.push(`${init?.method} ${new URL(String(url)).pathname}`)
  return fetch(url, init)
}

beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: 'webhooks: { allow: ["127.0.0.1"] }' })
  client = new TurnpikeClient({ apiKey: turnpike.operatorKey, baseUrl: turnpike.url, fetch: counted })
  customer = new TurnpikeClient({ apiKey: turnpike.key, baseUrl: turnpike.url, fetch: counted })
})
afterAll(() => turnpike.close())

let made = 0
async function newAccount(credits = 100): Promise<{ id: string; externalId: string }> {
  const externalId = `user_${++made}`
  const { account } = await client.createAccount({ name: 'A user', externalId })
  await client.addCredits({ accountId: account.id, amount: credits, description: 'start' })
  return { id: account.id, externalId }
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

describe('accounts and credits', () => {
  test('an account is made, found by both of its names, and holds what it was given', async () => {
    const { id, externalId } = await newAccount(12.5)
    expect(await client.getAccount(id)).toEqual(await client.getAccount({ externalId }))
    expect(await client.getBalance({ externalId })).toMatchObject({
      accountId: id,
      balance: 12.5,
      reserved: 0,
      available: 12.5,
      decimal: { balance: '12.5' },
    })
    expect(await client.getBalance(id)).toEqual(await client.getBalance({ accountId: id }))
  })

  test('an API key sees its own account without a name', async () => {
    expect(await customer.getAccount()).toMatchObject({ externalId: 'demo' })
    expect(await customer.getBalance()).toMatchObject({ externalId: 'demo', balance: 25 })
  })

  test('credits go in and out by either name, and each leaves its transaction', async () => {
    const { id, externalId } = await newAccount(10)
    const added = await client.addCredits({
      externalId,
      amount: '0.000000001',
      description: 'a nano',
      category: 'promotional',
    })
    expect(added).toMatchObject({ accountId: id, added: 1e-9, decimal: { balance: '10.000000001' } })
    const { transactionId } = await client.deductCredits({
      externalId,
      amount: 4,
      description: 'work',
      metadata: { job: 7 },
    })
    const { transaction } = await client.getTransaction(transactionId)
    expect(transaction).toMatchObject({ accountId: id, type: 'debit', amount: 4, metadata: { job: 7 } })
    expect((await client.listTransactions({ accountId: id, type: 'credit' })).items).toHaveLength(2)
  })

  test('more than is available is refused with what is missing, a name taken twice with a conflict', async () => {
    const { id, externalId } = await newAccount(1)
    const refused = await client
      .deductCredits({ accountId: id, amount: 2, description: 'work' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(InsufficientCreditsError)
    expect(refused).toMatchObject({
      status: 402,
      code: 'insufficient_credits',
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    await expect(client.createAccount({ name: 'Again', externalId })).rejects.toBeInstanceOf(ConflictError)
  })

  test('one idempotency key has one effect, and the answer says that it came again', async () => {
    const { id } = await newAccount(10)
    const debit = () =>
      client
        .deductCredits({ accountId: id, amount: 1, description: 'once' }, { idempotencyKey: `order-${id}` })
        .withResponse()
    const answers = await Promise.all(Array.from({ length: 10 }, debit))
    expect(new Set(answers.map(({ data }) => data.transactionId)).size).toBe(1)
    expect(answers.filter(({ response }) => response.headers.get('idempotent-replay') === 'true')).toHaveLength(9)
    expect((await client.getBalance(id)).balance).toBe(9)
  })

  test('lists walk over their pages: each row once', async () => {
    const { id } = await newAccount(10)
    for (let debit = 0; debit < 6; debit++)
      await client.deductCredits({ accountId: id, amount: 1, description: `${debit}` })
    const first = await client.listTransactions({ accountId: id, limit: 3 })
    expect(first.pagination).toMatchObject({ totalCount: 7, hasMore: true })
    const walked = await all(client.listTransactions({ accountId: id, limit: 3 }))
    expect(walked.map(({ balanceAfter }) => balanceAfter)).toEqual([4, 5, 6, 7, 8, 9, 10])
    const accounts = await all(client.listAccounts({ limit: 2 }))
    expect(new Set(accounts.map((account) => account.id)).size).toBe(accounts.length)
    expect(accounts.length).toBe((await client.listAccounts()).pagination.totalCount)
  })
})

describe('models', () => {
  test('are listed with their prices, and a usage is priced to the last digit', async () => {
    const { models } = await client.listModels({ provider: 'openai' })
    expect(models.find(({ modelId }) => modelId === 'gpt-4o')).toMatchObject({
      pricing: { text: { inputPerMillion: 2.5, outputPerMillion: 10 } },
    })
    expect(await client.getModelPricing('openai/gpt-4o')).toEqual(models.find(({ modelId }) => modelId === 'gpt-4o'))
    expect(await client.calculateCost({ modelId: 'gpt-4o', inputTokens: 1_000, outputTokens: 500 })).toMatchObject({
      estimatedCostUsd: 0.0075,
    })
    const usage = { modelId: 'gpt-4o', inputTokens: 5_000, cachedTokens: 2_000, outputTokens: 1_000 }
    expect((await client.calculateCost(usage)).decimal.estimatedCostUsd).toBe('0.02')
  })

  test('are found one by one, with who serves them', async () => {
    expect(await client.getModel('openai/gpt-4o')).toMatchObject({
      id: 'openai/gpt-4o',
      pricing: { prompt: '0.0000025' },
    })
    expect(await client.getListedModel('openai/gpt-4o')).toMatchObject({ object: 'model' })
    expect((await client.listEndpoints('openai/gpt-4o')).data.endpoints.length).toBeGreaterThan(0)
    expect((await client.listProviders()).data).toBeInstanceOf(Array)
    await expect(client.getModel('nobody/nothing')).rejects.toMatchObject({ name: 'NotFoundError', code: 'not_found' })
  })

  test('of the catalogue are walked over their pages', async () => {
    const { count } = (await client.countModels()).data
    const ids = (await all(client.listCatalogue({ limit: Math.ceil(count / 3) }))).map(({ id }) => id)
    expect(ids).toHaveLength(count)
    expect(new Set(ids).size).toBe(count)
  })
})

describe('keys and generations', () => {
  test('a key is made, limited, listed, deleted', async () => {
    const { key, data } = await client.createKey({ name: 'of the demo', limit: 5, external_user: 'demo' })
    expect(await client.getKey(data.hash)).toMatchObject({ name: 'of the demo', limit: 5 })
    expect(await new TurnpikeClient({ apiKey: key, baseUrl: turnpike.url }).getCurrentKey()).toMatchObject({
      limit: 5,
      is_management_key: false,
    })
    expect(await client.updateKey(data.hash, { limit: '7.5', limit_reset: 'monthly' })).toMatchObject({
      limit: 7.5,
      limit_reset: 'monthly',
    })
    expect((await all(client.listKeys())).map(({ hash }) => hash)).toContain(data.hash)
    expect(await client.deleteKey(data.hash)).toEqual({ deleted: true })
    await expect(client.getKey(data.hash)).rejects.toMatchObject({ status: 404 })
  })

  test('keys are walked over their pages', async () => {
    for (let key = 0; key < 101; key++) await client.createKey({ name: `${key}` })
    const hashes = (await all(client.listKeys())).map(({ hash }) => hash)
    expect(hashes.length).toBeGreaterThan(101)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test('a call is looked up with its cost, and the totals know of it', async () => {
    const body = { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], usage: { include: true } }
    const reply = await turnpike.request('/v1/chat/completions', { body })
    const { id, cost } = (await reply.json()) as { id: string; cost: number }
    expect(await customer.getGeneration(id)).toMatchObject({ id, total_cost: cost })
    expect((await customer.getCurrentKey()).usage).toBeGreaterThan(0)
    expect((await client.getCredits()).total_usage).toBeGreaterThan(0)
  })
})

test('organisations and their management keys are made by the operator', async () => {
  expect((await client.createOrganisation({ name: 'elsewhere', timeZone: 'Europe/Berlin' })).organisation.name).toBe(
    'elsewhere',
  )
  const { key } = await client.createManagementKey({ name: 'their own', role: 'reader', organisationId: 'elsewhere' })
  const reader = new TurnpikeClient({ apiKey: key, baseUrl: turnpike.url })
  expect((await reader.listAccounts()).accounts).toEqual([])
  await expect(reader.createAccount({ name: 'x', externalId: 'x' })).rejects.toMatchObject({
    name: 'PermissionError',
    code: 'forbidden',
  })
})

test('budgets are set, changed and ended', async () => {
  const { admin } = client
  const wanted = { name: 'monthly', scope: 'organisation', metric: 'usd', limit: '500', window: 'month' } as const
  const { budget } = await admin.createBudget(wanted)
  expect(budget).toMatchObject({ limit: 500, decimal: { limit: '500' } })
  expect(await admin.getBudget(budget.id)).toMatchObject({ budget: { id: budget.id } })
  expect((await all(admin.listBudgets())).map(({ id }) => id)).toContain(budget.id)
  expect((await admin.updateBudget(budget.id, { limit: 800 })).budget).toMatchObject({ limit: 800, version: 2 })
  expect(await admin.deleteBudget(budget.id)).toEqual({ deleted: true })
})

test('customers’ credentials are brought, checked and taken away', async () => {
  const { admin } = client
  const mine = { provider: 'simulator', name: 'mine', secret: 'sk-of-a-customer-0123456789' }
  const { credential } = await admin.createCredential(mine)
  expect(credential).toMatchObject({ label: '...6789', status: 'active' })
  expect(await admin.getCredential(credential.id)).toEqual({ credential })
  expect(await all(admin.listCredentials({ provider: 'simulator' }))).toEqual([credential])
  expect((await admin.checkCredential(credential.id)).check.valid).toBe(true)
  expect((await admin.updateCredential(credential.id, { disabled: true })).credential.status).toBe('disabled')
  expect(await admin.deleteCredential(credential.id)).toEqual({ deleted: true })
})

test('keys, organisations and the audit log are administered', async () => {
  const { admin } = client
  const { key, secret } = await admin.createApiKey({ name: 'restricted', allowedModels: ['gpt-4o-mini'], limit: '1.5' })
  expect(await admin.getApiKey(key.id)).toEqual({ key })
  expect((await admin.updateApiKey(key.id, { limit: null })).key.limit).toBeNull()
  const rotated = await admin.rotateApiKey(key.id, { graceSeconds: 60 })
  expect([rotated.key.id, rotated.secret === secret]).toEqual([key.id, false])
  expect((await client.rotateKey(key.id)).data.id).toBe(key.id)
  expect(await all(admin.listApiKeys({ name: 'restricted' }))).toMatchObject([{ id: key.id }])
  expect(await admin.deleteApiKey(key.id)).toEqual({ deleted: true })

  const { managementKey } = await client.createManagementKey({ name: 'passing', role: 'reader' })
  const { id } = managementKey
  expect(await admin.getManagementKey(id)).toEqual({ managementKey })
  expect((await admin.updateManagementKey(id, { disabled: true })).managementKey.disabled).toBe(true)
  expect((await admin.rotateManagementKey(id)).key).toMatch(/^mk-tp-/)
  expect((await all(admin.listManagementKeys())).map((each) => each.id)).toContain(id)
  expect(await admin.deleteManagementKey(id)).toEqual({ deleted: true })

  await client.createOrganisation({ name: 'to be renamed' })
  await admin.updateOrganisation('to be renamed', { name: 'renamed', timeZone: 'Asia/Tokyo' })
  expect((await admin.getOrganisation('renamed')).organisation).toMatchObject({ timeZone: 'Asia/Tokyo' })
  expect((await all(admin.listOrganisations({ limit: 1 }))).map(({ name }) => name)).toContain('renamed')
  const actions = (await all(admin.listAudit({ target: key.id, limit: 2 }))).map(({ action }) => action)
  expect(actions).toEqual(['key.delete', 'key.rotate', 'key.rotate', 'key.update', 'key.create'])
})

test('what was used is reported, listed and explained', async () => {
  const { admin } = client
  const report = await admin.reportUsage({ bucket: 'day', groupBy: ['model'] })
  expect(report.totals.requests).toBe(report.groups.reduce((sum, { requests }) => sum + requests, 0))
  const [call] = await all(admin.listGenerations({ limit: 1 }))
  if (call) expect((await admin.getGenerationRecord(call.id)).generation.id).toBe(call.id)
  else await expect(admin.getGenerationRecord('gen-1763949831-7hT2kQ9wXz4LmB6vN1cR')).rejects.toThrow(/generation/i)
  expect((await admin.getActivity()).data).toEqual([])
  expect((await admin.listEndpointStates()).endpoints).toEqual(expect.any(Array))
})

test('a price is set, shown with where it comes from, and withdrawn', async () => {
  const { admin } = client
  const { rateCard } = await admin.createRateCard({
    endpoint: 'simulator/openai/gpt-4o',
    lines: [{ meter: 'input', priceUsd: '0.5' }],
  })
  const { rateCards } = await admin.listRateCards({ model: 'openai/gpt-4o' })
  expect(rateCards.find(({ status }) => status === 'current')).toEqual(rateCard)
  expect((await admin.withdrawRateCard(rateCard.id)).rateCard).toMatchObject({ id: rateCard.id, status: 'past' })
})

test('people are invited, given another role and removed, and who asks is told', async () => {
  const { admin } = client
  expect((await admin.getSession()).session).toMatchObject({ member: null, role: 'admin', isOperator: true })
  expect((await admin.getSystem()).system).toMatchObject({ store: 'sqlite', simulator: true })
  expect((await admin.countCallsInFlight()).callsInFlight).toMatchObject({ calls: 0 })
  const { member, link } = await admin.inviteMember({ email: 'ann@example.com', role: 'reader' })
  expect(link).toMatch(/\/setup#token=/)
  expect((await admin.updateMember(member.id, { role: 'admin' })).member.role).toBe('admin')
  expect(await all(admin.listMembers())).toMatchObject([{ id: member.id, status: 'invited' }])
  expect(await admin.removeMember(member.id)).toEqual({ deleted: true })
  expect((await admin.createSetupLink()).link).toMatch(/\/setup#token=/)
})

test('alert channels are made, changed, tried and deleted, and their deliveries sent again', async () => {
  const { alerts } = client
  const { channel, secret } = await alerts.createChannel({
    type: 'webhook',
    url: 'http://127.0.0.1:9/',
    events: ['credits.low'],
  })
  expect(secret).toMatch(/^whsec_/)
  expect(await alerts.getChannel(channel.id)).toEqual({ channel })
  expect((await alerts.rotateSecret(channel.id)).secret).not.toBe(secret)
  expect((await alerts.updateChannel(channel.id, { disabled: true })).channel.disabled).toBe(true)
  await alerts.updateChannel(channel.id, { disabled: false, url: 'http://127.0.0.1:9/other' })
  const { delivery } = await alerts.testChannel(channel.id, { event: 'credits.low' })
  expect(await all(alerts.listDeliveries({ channelId: channel.id }))).toMatchObject([{ id: delivery.id }])
  expect((await alerts.resendDelivery(delivery.id)).delivery.state).toBe('pending')
  expect(await all(alerts.listEvents({ type: 'credits.low' }))).toMatchObject([
    { data: { eventId: delivery.eventId, test: true } },
  ])
  expect(await alerts.deleteChannel(channel.id)).toEqual({ deleted: true })
  expect(await all(alerts.listChannels())).toEqual([])
  const defaults = await alerts.updateDefaults({ lowCreditThreshold: '2.5' })
  expect(defaults).toEqual({ lowCreditThreshold: 2.5, decimal: { lowCreditThreshold: '2.5' } })
  expect(await alerts.getDefaults()).toEqual(defaults)
  await alerts.updateDefaults({ lowCreditThreshold: null })
})

creditsSuite(async () => {
  const { organisation } = await client.createOrganisation({ name: 'of credits' })
  const { key } = await client.createManagementKey({ name: 'x', role: 'admin', organisationId: organisation.id })
  return new TurnpikeClient({ apiKey: key, baseUrl: turnpike.url, fetch: counted })
})

test('after these, no operation of the document was left out', () => {
  const places = Object.entries(endpoints).map(([name, endpoint]) => {
    const paths = [endpoint.path, ...('alias' in endpoint ? [endpoint.alias] : [])]
    return { name, asked: paths.map((path) => new RegExp(`^${endpoint.method} ${path.replace(/\{\w+\}/g, '[^/]+')}$`)) }
  })
  const left = places.filter((place) => !asked.some((each) => place.asked.some((path) => path.test(each))))
  expect(left.map(({ name }) => name)).toEqual([])
})
