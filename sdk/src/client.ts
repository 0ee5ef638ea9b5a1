/**
 * The client of Turnpike's API: one method for each operation. Methods answer with the body of the reply; money in it is
 * a number, and exact, as text, under the same name in `decimal`. Every failure is a `TurnpikeError`.
 */
import { type Administration, administration } from './administration.ts'
import { type Alerts, alerts } from './alerts.ts'
import { type BodyOf, type CallInput, call, list, type OperationName, type QueryOf, type ResultOf } from './calls.ts'
import { TurnpikeError } from './errors.ts'
import { platform } from './platform.ts'
import { mapped, type PagePromise, paged, type RequestPromise } from './request-promise.ts'
import { type ClientOptions, type RequestOptions, type Transport, transportOf } from './transport.ts'
import type {
  Account,
  Amount,
  ConfirmRequest,
  Generation,
  Grant,
  Key,
  Model,
  Plan,
  PricedModel,
  Reservation,
  Transaction,
  UsageAnswer,
  UsageFilters,
  UsagePage,
  UsageQuery,
  UsageRecord,
  UsageRequest,
  UsageSummary,
  Who,
} from './types.ts'
import { type Webhooks, webhooks } from './webhooks.ts'

/**
 * ```ts
 * const client = new TurnpikeClient({ apiKey: 'mk-tp-…', baseUrl: 'http://127.0.0.1:8787' })
 * const { reservation } = await client.createReservation({ externalId: 'user_456', amount: 500 })
 * const confirmed = await client.confirmReservation(reservation.id, 85)
 * ```
 */
export class TurnpikeClient {
  /** Verifies what Turnpike sends to your server. */
  readonly webhooks: Webhooks = webhooks
  /** Keys, organisations and the audit log, on `/api/admin`. */
  readonly admin: Administration
  /** Who is told of events, and what was delivered. Needs a management key. */
  readonly alerts: Alerts
  readonly #transport: Transport

  /** Throws `TurnpikeError` where no key or no address is given, nor in the environment. */
  constructor(options: ClientOptions = {}) {
    this.#transport = opened(options)
    this.admin = administration(this.#transport)
    this.alerts = alerts(this.#transport)
  }

  // Reservations

  /**
   * Sets credits aside before the work: `amount` credits above 0, for `ttlSeconds` (1 to 86,400, 300 by default).
   * Errors: `insufficient_credits` (402; `details` `{ needed, available, shortfall }` in credits), `account_not_found`,
   * `account_frozen`, `account_closed`, `invalid_amount`.
   */
  createReservation(reservation: BodyOf<'createReservation'>, options?: RequestOptions) {
    return this.#call('createReservation', { body: reservation }, options)
  }

  /**
   * Charges what the work took and releases the rest, in one step: `amount` in credits, or what to charge, record and do.
   * Of the options `actualAmount` or `usage` is required; usage alone is charged at its price. Repeated with the same
   * content it answers the same. Errors: `reservation_not_found`, `reservation_already_confirmed`,
   * `reservation_cancelled`, `reservation_expired` (410), `amount_exceeds_reservation`, `invalid_amount`, `invalid_usage`.
   */
  confirmReservation(id: string, amount: Amount | ConfirmRequest, options?: RequestOptions) {
    const { usage, ...rest } = typeof amount === 'object' ? amount : { actualAmount: amount }
    const body = usage === undefined ? rest : { ...rest, usage: Array.isArray(usage) ? [...usage] : [usage] }
    return this.#call('confirmReservation', { params: { id }, body }, options)
  }

  /** Releases a reservation. Errors: `reservation_not_found`, `reservation_already_confirmed`, `reservation_expired`. */
  cancelReservation(id: string, options?: RequestOptions) {
    return this.#call('cancelReservation', { params: { id } }, options)
  }

  /** Lets a pending reservation end `ttlSeconds` from now. Errors: `reservation_not_found`, `reservation_expired`, `reservation_cancelled`, `reservation_already_confirmed`. */
  extendReservation(id: string, ttlSeconds: number | BodyOf<'extendReservation'>, options?: RequestOptions) {
    const body = typeof ttlSeconds === 'number' ? { ttlSeconds } : ttlSeconds
    return this.#call('extendReservation', { params: { id }, body }, options)
  }

  /** One reservation; amounts in credits. Errors: `reservation_not_found`. */
  getReservation(id: string, options?: RequestOptions) {
    return this.#call('getReservation', { params: { id } }, options)
  }

  /** Reservations, newest first. Errors: `account_not_found`. */
  listReservations(
    query?: QueryOf<'listReservations'>,
    options?: RequestOptions,
  ): PagePromise<ResultOf<'listReservations'>, Reservation> {
    return list(this.#transport, 'listReservations', query, (page) => page.reservations, options)
  }

  // Usage

  /**
   * Records the usage of a model; moves no credits. `context: 'customer'` needs `transactionId` and the account, `'system'`
   * takes neither. Told again under the same `idempotencyKey` it answers the first record with `duplicate: true`.
   * `estimatedCostUsd` is USD, null where the model has no price. Errors: `transaction_required`,
   * `transaction_account_mismatch`, `unknown_model`, `invalid_usage`.
   */
  recordUsage(usage: UsageRequest, options?: RequestOptions) {
    return this.#call('recordUsage', { body: usage }, options)
  }

  /** Usage records, newest first, those of the gateway's own calls too; with `summary: true` their sums. Errors: `account_not_found`. */
  getUsage(
    filters: UsageFilters & { summary: true },
    options?: RequestOptions,
  ): PagePromise<ResultOf<'summariseUsage'>, UsageRecord>
  getUsage(filters?: UsageQuery, options?: RequestOptions): PagePromise<UsageAnswer, UsageRecord>
  getUsage({ summary, ...query }: UsageQuery = {}, options?: RequestOptions): PagePromise<UsageAnswer, UsageRecord> {
    if (!summary) return list(this.#transport, 'listUsage', query, (page) => (page as UsagePage).usageRecords, options)
    const sums: RequestPromise<UsageAnswer> = this.#call('summariseUsage', { query }, options)
    return paged(sums, { items: () => [], next: () => undefined, fetch: () => sums })
  }

  /** The sums of the usage, in USD and tokens, in all and by model and context. Errors: `account_not_found`. */
  getUsageSummary(
    contextOrFilters: 'customer' | 'system' | UsageFilters = {},
    options?: RequestOptions,
  ): RequestPromise<UsageSummary> {
    const query = typeof contextOrFilters === 'string' ? { context: contextOrFilters } : contextOrFilters
    return mapped(this.#call('summariseUsage', { query }, options), ({ summary }) => summary)
  }

  // Models and prices

  /** Models with their prices in USD per million tokens, per minute or per million characters. */
  listModels(
    query: { provider?: string | undefined; tier?: string | undefined } = {},
    options?: RequestOptions,
  ): RequestPromise<Extract<ResultOf<'listAllModels'>, { models: unknown }>> {
    return mapped(this.#call('listAllModels', { query }, options), (reply) => expected('models', reply))
  }

  /** One model with its prices, by any spelling of its name. Errors: `model_not_found`. */
  getModelPricing(modelId: string, options?: RequestOptions): RequestPromise<PricedModel> {
    const reply = this.#call('listAllModels', { query: { modelId } }, options)
    return mapped(reply, (answer) => expected('model', answer).model)
  }

  /** What a usage would cost, in USD; moves nothing. Errors: `unknown_model`, `unpriced_model`, `invalid_usage`. */
  calculateCost(usage: BodyOf<'calculateCost'>, options?: RequestOptions) {
    return this.#call('calculateCost', { body: usage }, options)
  }

  /** Models as OpenRouter's clients see them: prices are decimal text, USD per token. `limit` is 1 to 1,000. */
  listCatalogue(
    query: QueryOf<'listModels'> = {},
    options?: RequestOptions,
  ): PagePromise<ResultOf<'listModels'>, Model> {
    const { offset = 0 } = query
    return this.#byOffset('listModels', query, offset, options, ({ data, links }) => ({
      items: data,
      more: links.next !== null,
    }))
  }

  /** How many models there are. */
  countModels(options?: RequestOptions) {
    return this.#call('countModels', {}, options)
  }

  /** One model as OpenRouter's clients see it, by `author/slug`. Errors: `not_found`. */
  getModel(model: string, options?: RequestOptions): RequestPromise<Model> {
    return mapped(this.#call('getModel', { params: authorAndSlug(model) }, options), ({ data }) => data)
  }

  /** One model as OpenAI's clients see it. Errors: `model_not_found`. */
  getListedModel(id: string, options?: RequestOptions) {
    return this.#call('getOneModel', { params: { id } }, options)
  }

  /** Who serves a model, at which price (decimal text, USD per token). Errors: `not_found`. */
  listEndpoints(model: string, options?: RequestOptions) {
    return this.#call('listEndpoints', { params: authorAndSlug(model) }, options)
  }

  /** The providers behind the models. */
  listProviders(options?: RequestOptions) {
    return this.#call('listProviders', {}, options)
  }

  // Accounts and credits

  /** Makes an account. Errors: `external_id_taken` (409). */
  createAccount(account: BodyOf<'createAccount'>, options?: RequestOptions) {
    return this.#call('createAccount', { body: account }, options)
  }

  /** Accounts, newest first; `balance` is in credits. */
  listAccounts(
    query?: QueryOf<'listAccounts'>,
    options?: RequestOptions,
  ): PagePromise<ResultOf<'listAccounts'>, Account> {
    return list(this.#transport, 'listAccounts', query, (page) => page.accounts, options)
  }

  /** One account, by its id or by `{ externalId }`. An API key gets its own without either. Errors: `account_not_found`, `account_mismatch`. */
  getAccount(account: string | Who = {}, options?: RequestOptions): RequestPromise<Account> {
    return this.#call('getAccount', { query: whose(account) }, options)
  }

  /** Changes an account: its name, its limits, or that it is open, frozen or closed. Errors: `account_not_found`. */
  updateAccount(id: string, changes: BodyOf<'updateAccount'>, options?: RequestOptions) {
    return this.#call('updateAccount', { params: { id }, body: changes }, options)
  }

  /** The credits of an account: `balance` posted, `reserved` set aside, `available` the difference, never below 0. Errors: `account_not_found`, `account_mismatch`. */
  getBalance(account: string | Who = {}, options?: RequestOptions): RequestPromise<ResultOf<'getBalance'>> {
    return this.#call('getBalance', { query: whose(account) }, options)
  }

  /**
   * Grants `amount` credits above 0 to an account. One `paymentId` gives one grant. Errors: `account_not_found`,
   * `invalid_amount`, `out_of_range`, `account_closed`, `payment_already_credited`.
   */
  addCredits(credits: BodyOf<'addCredits'>, options?: RequestOptions) {
    return this.#call('addCredits', { body: credits }, options)
  }

  /** Takes `amount` credits above 0, never more than is available. Errors: `insufficient_credits` (402), `account_not_found`, `account_frozen`, `account_closed`, `invalid_amount`. */
  deductCredits(debit: BodyOf<'deductCredits'>, options?: RequestOptions) {
    return this.#call('deductCredits', { body: debit }, options)
  }

  /** Grants with what is left of them, in credits. Errors: `account_not_found`. */
  listGrants(query?: QueryOf<'listGrants'>, options?: RequestOptions): PagePromise<ResultOf<'listGrants'>, Grant> {
    return list(this.#transport, 'listGrants', query, (page) => page.grants, options)
  }

  /** Takes back what is left of a grant. Errors: `grant_not_found`, `grant_spent`. */
  voidGrant(id: string, options?: RequestOptions) {
    return this.#call('voidGrant', { params: { id } }, options)
  }

  // Transactions

  /** What moved credits, newest first; `amount` in credits, never negative, `amountUsd` in USD. Errors: `account_not_found`, `account_mismatch`. */
  listTransactions(
    query?: QueryOf<'listTransactions'>,
    options?: RequestOptions,
  ): PagePromise<ResultOf<'listTransactions'>, Transaction> {
    return list(this.#transport, 'listTransactions', query, (page) => page.items, options)
  }

  /** One transaction. Errors: `transaction_not_found`. */
  getTransaction(id: string, { include, ...options }: QueryOf<'getTransaction'> & RequestOptions = {}) {
    const query = include === undefined ? {} : { query: { include } }
    return this.#call('getTransaction', { params: { id }, ...query }, options)
  }

  /** Posts a credit or a debit of `amount` credits above 0. Errors: `insufficient_credits`, `account_not_found`, `invalid_amount`. */
  createTransaction(transaction: BodyOf<'createTransaction'>, options?: RequestOptions) {
    return this.#call('createTransaction', { body: transaction }, options)
  }

  /** Gives credits back to the grants that paid: `amount`, or all that is left of the transaction. Errors: `transaction_not_found`, `refund_exceeds_transaction`. */
  refundTransaction(id: string, refund: BodyOf<'refundTransaction'>, options?: RequestOptions) {
    return this.#call('refundTransaction', { params: { id }, body: refund }, options)
  }

  // Plans

  /** Makes a plan that grants `amount` credits each `interval`: `1d`, `7d`, `week`, `month`. Errors: `invalid_amount`. */
  createPlan(plan: BodyOf<'createPlan'>, options?: RequestOptions) {
    return this.#call('createPlan', { body: plan }, options)
  }

  /** The plans of the organisation. */
  listPlans(query?: QueryOf<'listPlans'>, options?: RequestOptions): PagePromise<ResultOf<'listPlans'>, Plan> {
    return list(this.#transport, 'listPlans', query, (page) => page.plans, options)
  }

  /** Ends a plan for accounts to come; it is never deleted. Errors: `plan_not_found`. */
  archivePlan(id: string, options?: RequestOptions) {
    return this.#call('archivePlan', { params: { id } }, options)
  }

  /** Puts an account on a plan; any other active plan of it ends. Errors: `plan_not_found`, `account_not_found`. */
  assignPlan(assignment: BodyOf<'assignPlan'>, options?: RequestOptions) {
    return this.#call('assignPlan', { body: assignment }, options)
  }

  // Keys and generations

  /** The key of this client: its limit and its usage, in USD. */
  getCurrentKey(options?: RequestOptions): RequestPromise<ResultOf<'getCurrentKey'>['data']> {
    return mapped(this.#call('getCurrentKey', {}, options), ({ data }) => data)
  }

  /** API keys, 100 a page; limits and usage in USD. */
  listKeys(query: QueryOf<'listKeys'> = {}, options?: RequestOptions): PagePromise<ResultOf<'listKeys'>, Key> {
    const { offset = 0 } = query
    return this.#byOffset('listKeys', query, offset, options, ({ data }) => ({ items: data, more: data.length >= 100 }))
  }

  /** Makes an API key with a `limit` in USD, if any. `key` is the secret, shown this once. Not tried again once it may have been made. Errors: `account_not_found`, `invalid_amount`. */
  createKey(key: BodyOf<'createKey'>, options?: RequestOptions) {
    return this.#call('createKey', { body: key }, options)
  }

  /** One API key, by its hash. Errors: `not_found`. */
  getKey(hash: string, options?: RequestOptions): RequestPromise<Key> {
    return mapped(this.#call('getKey', { params: { hash } }, options), ({ data }) => data)
  }

  /** Renames, disables or limits (USD) an API key; it holds at once. Errors: `not_found`, `invalid_amount`. */
  updateKey(hash: string, changes: BodyOf<'updateKey'>, options?: RequestOptions): RequestPromise<Key> {
    return mapped(this.#call('updateKey', { params: { hash }, body: changes }, options), ({ data }) => data)
  }

  /** Gives an API key another secret, shown this once; the old one works for `grace_seconds` (0 by default). Errors: `not_found`. */
  rotateKey(hash: string, grace: BodyOf<'rotateKey'> = {}, options?: RequestOptions) {
    return this.#call('rotateKey', { params: { hash }, body: grace }, options)
  }

  /** Deletes an API key; its usage stays in the reports. Errors: `not_found`. */
  deleteKey(hash: string, options?: RequestOptions) {
    return this.#call('deleteKey', { params: { hash } }, options)
  }

  /** USD granted to and charged to all accounts of the organisation. */
  getCredits(options?: RequestOptions): RequestPromise<ResultOf<'getCredits'>['data']> {
    return mapped(this.#call('getCredits', {}, options), ({ data }) => data)
  }

  /** One model call, by the id of its reply: `total_cost` in USD, native token counts, milliseconds. Errors: `not_found`. */
  getGeneration(id: string, options?: RequestOptions): RequestPromise<Generation> {
    return mapped(this.#call('getGeneration', { query: { id } }, options), ({ data }) => data)
  }

  // Administration

  /** Makes an organisation; needs the operator's key. */
  createOrganisation(organisation: BodyOf<'createOrganisation'>, options?: RequestOptions) {
    return this.#call('createOrganisation', { body: organisation }, options)
  }

  /** Makes a management key. `key` is the secret, shown this once. Not tried again once it may have been made. Errors: `not_found`. */
  createManagementKey(managementKey: BodyOf<'createManagementKey'>, options?: RequestOptions) {
    return this.#call('createManagementKey', { body: managementKey }, options)
  }

  #call<N extends OperationName>(name: N, input: CallInput<N>, options?: RequestOptions): RequestPromise<ResultOf<N>> {
    return call(this.#transport, name, input, options)
  }

  #byOffset<N extends 'listModels' | 'listKeys', T>(
    name: N,
    query: QueryOf<N>,
    offset: number,
    options: RequestOptions | undefined,
    read: (page: ResultOf<N>) => { readonly items: readonly T[]; readonly more: boolean },
  ): PagePromise<ResultOf<N>, T> {
    return paged(this.#call(name, { query }, options), {
      items: (page) => read(page).items,
      next: (page, seen) => (read(page).more ? String(offset + seen) : undefined),
      fetch: (next) => this.#call(name, { query: { ...query, offset: Number(next) } as QueryOf<N> }, options),
    })
  }
}

function opened(options: ClientOptions): Transport {
  // None is asked for on purpose: then the environment has no say either.
  const apiKey = options.apiKey === null ? null : (options.apiKey ?? platform.environment('TURNPIKE_API_KEY'))
  const baseUrl = options.baseUrl ?? platform.environment('TURNPIKE_BASE_URL')
  if (apiKey === undefined || apiKey === '')
    throw new TurnpikeError('The key is missing. Pass `apiKey`, or set TURNPIKE_API_KEY.')
  if (!baseUrl) throw new TurnpikeError('The address is missing. Pass `baseUrl`, or set TURNPIKE_BASE_URL.')
  // As people paste it from other clients.
  return transportOf({ apiKey, baseUrl: baseUrl.replace(/\/+$/, '').replace(/\/(?:api\/)?v1$/, '') }, options)
}

const whose = (account: string | Who): Who => (typeof account === 'string' ? { accountId: account } : account)

function authorAndSlug(model: string): { author: string; slug: string } {
  const [author = '', ...slug] = model.split('/')
  return { author, slug: slug.join('/') }
}

function expected<T extends object, K extends string>(member: K, reply: T): Extract<T, { [P in K]: unknown }> {
  if (member in reply) return reply as Extract<T, { [P in K]: unknown }>
  throw new TurnpikeError(`The answer has no \`${member}\`.`, { code: 'invalid_response' })
}
