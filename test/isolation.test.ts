/** A stranger's keys see and change nothing, by any operation of the table: each one has its case here, or fails. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Operation } from '../src/contract/operation.ts'
import { type OperationName, operations } from '../src/contract/operations.ts'
import { type Api, openApi } from './api-kit.ts'
import { chat, OPENAI } from './gateway-kit.ts'

let api: Api
/** An admin of another organisation, and an API key of it. */
let stranger: string
let strangersKey: string
/** What belongs to the first organisation. None of it may appear in a reply to a stranger. */
let ours: Record<
  | 'account'
  | 'key'
  | 'hash'
  | 'generation'
  | 'reservation'
  | 'transaction'
  | 'grant'
  | 'plan'
  | 'manager'
  | 'budget'
  | 'credential'
  | 'channel'
  | 'delivery'
  | 'member',
  string
>
const OURS = 'our-own-customer'

beforeAll(async () => {
  api = await openApi('webhooks: { allow: [127.0.0.1] }')
  await ask('POST', '/api/admin/organisations', { name: 'elsewhere' })
  const theirs = { name: 'x', role: 'admin', organisationId: 'elsewhere' }
  stranger = (await ask('POST', '/api/admin/management-keys', theirs)).body.key
  strangersKey = (await api.request('POST', '/api/v1/keys', stranger, { name: 'theirs' })).body.key
  const account = (await ask('POST', '/v1/accounts', { name: OURS, externalId: OURS })).body.account.id
  const { grantId } = (await ask('POST', `/v1/accounts/${account}/credits`, { amount: 9, description: OURS })).body
  const { key, secret } = (await ask('POST', '/api/admin/keys', { name: OURS, externalId: OURS })).body
  const call = await api.turnpike.request(OPENAI, { key: secret, body: chat('gpt-4o-mini', { max_tokens: 9 }) })
  const hold = await ask('POST', '/v1/reservations', { externalId: OURS, amount: 1 })
  const debit = { externalId: OURS, amount: 1, description: OURS }
  const capped = { name: OURS, scope: 'account', scopeId: account, metric: 'usd', limit: 5, window: 'day' }
  const theirKey = { provider: 'simulator', name: OURS, secret: 'sk-0123456789abcdef', externalId: OURS }
  // Nobody listens there: what is tried is not what is looked at here.
  const webhook = { type: 'webhook', url: 'http://127.0.0.1:9/hook', name: OURS }
  const channel = (await ask('POST', '/api/admin/alert-channels', webhook)).body.channel.id
  ours = {
    channel,
    delivery: (await ask('POST', `/api/admin/alert-channels/${channel}/test`)).body.delivery.id,
    credential: (await ask('POST', '/api/admin/credentials', theirKey)).body.credential.id,
    budget: (await ask('POST', '/api/admin/budgets', capped)).body.budget.id,
    ...{ account, key: key.id, hash: key.hash, grant: grantId },
    generation: ((await call.json()) as { id: string }).id,
    reservation: hold.body.reservation.id,
    transaction: (await ask('POST', '/v1/accounts/credits/deduct', debit)).body.transactionId,
    plan: (await ask('POST', '/v1/plans', { name: OURS, amount: 1, interval: '1d', occurrences: 1 })).body.plan.id,
    manager: (await ask('POST', '/api/admin/management-keys', { name: OURS, role: 'admin' })).body.managementKey.id,
    member: (await ask('POST', '/api/admin/members', { email: `${OURS}@example.com`, role: 'admin' })).body.member.id,
  }
  expect(Object.values(ours).every((id) => typeof id === 'string' && id.length > 10)).toBe(true)
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const ask = (method: string, url: string, body?: unknown) => api.request(method, url, api.operator, body)

type Try = readonly [url: string, body?: unknown]
/** Of what there is to be named, a request that names ours: answered as if it did not exist. */
type Named = { readonly names: () => Try }
/** A list or a sum: answered, without anything of ours. */
type Lists = { readonly lists: string }
/** Nothing in it belongs to anybody. */
type Open = { readonly open: string }

const named = (names: () => Try): Named => ({ names })
const lists = (url: string): Lists => ({ lists: url })

const cases: Record<OperationName, Named | Lists | Open> = {
  getGeneration: named(() => [`/api/v1/generation?id=${ours.generation}`]),
  reportUsage: lists('/api/admin/usage?groupBy=account'),
  listGenerations: lists('/api/admin/generations?limit=500'),
  getGenerationRecord: named(() => [`/api/admin/generations/${ours.generation}`]),
  getActivity: lists('/api/v1/activity'),
  getCurrentKey: lists('/api/v1/key'),
  getCredits: lists('/api/v1/credits'),
  listKeys: lists('/api/v1/keys?include_disabled=true'),
  createKey: named(() => ['/api/v1/keys', { name: 'x', external_user: OURS }]),
  getKey: named(() => [`/api/v1/keys/${ours.hash}`]),
  updateKey: named(() => [`/api/v1/keys/${ours.hash}`, { disabled: true }]),
  deleteKey: named(() => [`/api/v1/keys/${ours.hash}`]),
  rotateKey: named(() => [`/api/v1/keys/${ours.hash}/rotate`, {}]),
  listApiKeys: lists('/api/admin/keys?limit=500'),
  createApiKey: named(() => ['/api/admin/keys', { name: 'x', accountId: ours.account }]),
  getApiKey: named(() => [`/api/admin/keys/${ours.key}`]),
  updateApiKey: named(() => [`/api/admin/keys/${ours.key}`, { disabled: true }]),
  deleteApiKey: named(() => [`/api/admin/keys/${ours.key}`]),
  rotateApiKey: named(() => [`/api/admin/keys/${ours.key}/rotate`]),
  listModels: { open: 'models are the server’s' },
  countModels: { open: 'models are the server’s' },
  getModel: { open: 'models are the server’s' },
  listEndpoints: { open: 'models are the server’s' },
  listEndpointStates: lists('/api/admin/endpoints'),
  listProviders: { open: 'providers are the server’s' },
  listAllModels: { open: 'models are the server’s' },
  getOneModel: { open: 'models are the server’s' },
  calculateCost: { open: 'prices are the server’s' },
  listRateCards: { open: 'prices are the server’s' },
  createRateCard: { open: 'prices are the server’s, and set by its own people alone' },
  withdrawRateCard: { open: 'prices are the server’s, and set by its own people alone' },
  createAccount: { open: 'names nobody; names of one organisation are free in another' },
  listAccounts: lists('/v1/accounts?limit=500'),
  getAccount: named(() => [`/v1/accounts/${ours.account}`]),
  updateAccount: named(() => [`/v1/accounts/${ours.account}`, { status: 'closed' }]),
  getBalance: named(() => [`/v1/accounts/balance?externalId=${OURS}`]),
  addCredits: named(() => [`/v1/accounts/${ours.account}/credits`, { amount: 1, description: 'x' }]),
  deductCredits: named(() => ['/v1/accounts/credits/deduct', { externalId: OURS, amount: 1, description: 'x' }]),
  createPlan: { open: 'names nobody' },
  listPlans: lists('/v1/plans?limit=500'),
  archivePlan: named(() => [`/v1/plans/${ours.plan}/archive`]),
  assignPlan: named(() => [`/v1/accounts/${ours.account}/plan`, { planId: ours.plan, startMode: 'now' }]),
  createReservation: named(() => ['/v1/reservations', { externalId: OURS, amount: 1 }]),
  listReservations: lists('/v1/reservations?limit=500'),
  getReservation: named(() => [`/v1/reservations/${ours.reservation}`]),
  confirmReservation: named(() => [`/v1/reservations/${ours.reservation}/confirm`, { actualAmount: 1 }]),
  cancelReservation: named(() => [`/v1/reservations/${ours.reservation}/cancel`]),
  extendReservation: named(() => [`/v1/reservations/${ours.reservation}/extend`, { ttlSeconds: 60 }]),
  createTransaction: named(() => [
    '/v1/transactions',
    { accountId: ours.account, amount: 1, type: 'credit', description: 'x' },
  ]),
  listTransactions: lists('/v1/transactions?limit=500'),
  getTransaction: named(() => [`/v1/transactions/${ours.transaction}`]),
  refundTransaction: named(() => [`/v1/transactions/${ours.transaction}/refund`, { reason: 'x' }]),
  listGrants: lists('/v1/grants?limit=500'),
  voidGrant: named(() => [`/v1/grants/${ours.grant}/void`]),
  recordUsage: named(() => [
    '/v1/usage',
    {
      ...{ context: 'customer', transactionId: ours.transaction, accountId: ours.account, modelId: 'gpt-4o' },
      ...{ usageType: 'text', inputTokens: 1, outputTokens: 1 },
    },
  ]),
  listUsage: lists('/v1/usage?limit=500'),
  summariseUsage: lists('/v1/usage/summary'),
  createOrganisation: named(() => ['/api/admin/organisations', { name: 'default' }]),
  listOrganisations: lists('/api/admin/organisations'),
  getOrganisation: named(() => ['/api/admin/organisations/default']),
  updateOrganisation: named(() => ['/api/admin/organisations/default', { name: 'mine' }]),
  createManagementKey: named(() => [
    '/api/admin/management-keys',
    { name: 'x', role: 'admin', organisationId: 'default' },
  ]),
  listManagementKeys: named(() => ['/api/admin/management-keys?organisationId=default']),
  getManagementKey: named(() => [`/api/admin/management-keys/${ours.manager}`]),
  updateManagementKey: named(() => [`/api/admin/management-keys/${ours.manager}`, { disabled: true }]),
  deleteManagementKey: named(() => [`/api/admin/management-keys/${ours.manager}`]),
  rotateManagementKey: named(() => [`/api/admin/management-keys/${ours.manager}/rotate`]),
  getSession: lists('/api/admin/session'),
  getSystem: lists('/api/admin/system'),
  countCallsInFlight: lists('/api/admin/calls-in-flight'),
  listMembers: lists('/api/admin/members?limit=500'),
  inviteMember: { open: 'names nobody' },
  updateMember: named(() => [`/api/admin/members/${ours.member}`, { role: 'reader' }]),
  removeMember: named(() => [`/api/admin/members/${ours.member}`]),
  createSetupLink: named(() => ['/api/admin/setup-link', { organisationId: 'default' }]),
  createCredential: named(() => [
    '/api/admin/credentials',
    { provider: 'simulator', name: 'x', secret: 'sk-0123456789', accountId: ours.account },
  ]),
  listCredentials: lists('/api/admin/credentials?limit=500'),
  getCredential: named(() => [`/api/admin/credentials/${ours.credential}`]),
  updateCredential: named(() => [`/api/admin/credentials/${ours.credential}`, { disabled: true }]),
  deleteCredential: named(() => [`/api/admin/credentials/${ours.credential}`]),
  checkCredential: named(() => [`/api/admin/credentials/${ours.credential}/check`]),
  createBudget: named(() => [
    '/api/admin/budgets',
    { name: 'x', scope: 'account', scopeId: ours.account, metric: 'usd', limit: 0, window: 'day' },
  ]),
  listBudgets: lists('/api/admin/budgets?limit=500'),
  getBudget: named(() => [`/api/admin/budgets/${ours.budget}`]),
  updateBudget: named(() => [`/api/admin/budgets/${ours.budget}`, { limit: 0 }]),
  deleteBudget: named(() => [`/api/admin/budgets/${ours.budget}`]),
  createAlertChannel: named(() => [
    '/api/admin/alert-channels',
    { type: 'webhook', url: 'http://127.0.0.1:9/', budgetId: ours.budget },
  ]),
  listAlertChannels: lists('/api/admin/alert-channels?limit=500'),
  getAlertChannel: named(() => [`/api/admin/alert-channels/${ours.channel}`]),
  updateAlertChannel: named(() => [`/api/admin/alert-channels/${ours.channel}`, { disabled: true }]),
  deleteAlertChannel: named(() => [`/api/admin/alert-channels/${ours.channel}`]),
  testAlertChannel: named(() => [`/api/admin/alert-channels/${ours.channel}/test`]),
  rotateAlertChannelSecret: named(() => [`/api/admin/alert-channels/${ours.channel}/rotate-secret`]),
  getAlertDefaults: lists('/api/admin/alert-defaults'),
  updateAlertDefaults: { open: 'those of the caller’s own organisation' },
  listDeliveries: lists('/api/admin/deliveries?limit=500'),
  resendDelivery: named(() => [`/api/admin/deliveries/${ours.delivery}/resend`]),
  listEvents: lists('/api/admin/events?limit=500'),
  listAudit: named(() => ['/api/admin/audit?organisationId=default']),
}

const table = (operations as readonly Operation[]).map((operation) => [operation.name, operation] as const)

test.each(table)('%s shows a stranger nothing of ours and changes nothing of it', async (name, { method }) => {
  const found = (cases as Readonly<Record<string, Named | Lists | Open | undefined>>)[name]
  if (!found) throw new Error(`${name} has no case in this test: say how it names what is ours`)
  if ('open' in found) return
  const [url, body] = 'names' in found ? found.names() : [found.lists]
  for (const key of [stranger, strangersKey]) {
    const { status, text } = await api.request(method, url, key, body)
    const answers = 'names' in found ? [403, 404] : [200, 403]
    expect({ status, text }).toMatchObject({ status: expect.toSatisfy((each) => answers.includes(each)) })
    for (const id of [...Object.values(ours), OURS, 'default'].filter((each) => !url.includes(each)))
      expect(text).not.toContain(id)
  }
  const sum = await api.request('GET', '/api/v1/credits', stranger)
  expect(sum.body.data).toEqual({ total_credits: 0, total_usage: 0 })
})

test('lists with a query that names ours are answered as if it did not exist', async () => {
  for (const list of ['/api/admin/keys', '/v1/transactions', '/v1/grants', '/v1/reservations', '/v1/usage'])
    for (const key of [stranger, strangersKey])
      for (const who of [`accountId=${ours.account}`, `externalId=${OURS}`]) {
        const { status } = await api.request('GET', `${list}?${who}`, key)
        expect([list, status === 404 || (status === 403 && key === strangersKey)]).toEqual([list, true])
      }
  for (const own of ['/api/admin/management-keys', `/api/admin/audit?target=${ours.key}`])
    expect((await api.request('GET', own, stranger)).text).not.toContain(OURS)
})

test('after all of these everything of ours is as it was', async () => {
  const { body } = await ask('GET', `/v1/accounts/${ours.account}`)
  expect(body).toMatchObject({ status: 'open', externalId: OURS })
  expect((await ask('GET', `/api/admin/keys/${ours.key}`)).body.key).toMatchObject({ hash: ours.hash, disabled: false })
  expect((await ask('GET', `/v1/reservations/${ours.reservation}`)).body.reservation.status).toBe('pending')
  expect((await ask('GET', `/api/admin/management-keys/${ours.manager}`)).body.managementKey.disabled).toBe(false)
  expect((await ask('GET', '/api/admin/organisations/default')).status).toBe(200)
  expect((await ask('GET', '/api/admin/members')).body.members).toMatchObject([{ id: ours.member, role: 'admin' }])
  expect((await ask('GET', `/api/admin/budgets/${ours.budget}`)).body.budget).toMatchObject({ limit: 5, version: 1 })
})

test('the same name is another account in another organisation', async () => {
  const theirs = await api.request('POST', '/v1/accounts', stranger, { name: 'T', externalId: OURS })
  expect(theirs.status).toBe(201)
  expect(theirs.body.account.id).not.toBe(ours.account)
})
