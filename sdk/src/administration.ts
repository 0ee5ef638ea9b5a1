/** What management keys do on `/api/admin`: keys, credentials, budgets, organisations, the audit log. One method for each operation. */
import { type BodyOf, call, list, type OperationName, type QueryOf, type ResultOf } from './calls.ts'
import type { PagePromise, RequestPromise } from './request-promise.ts'
import type { RequestOptions, Transport } from './transport.ts'
import type {
  ApiKey,
  AuditEntry,
  Budget,
  Credential,
  GenerationRecord,
  ManagementKey,
  Member,
  Organisation,
} from './types.ts'

type Options = RequestOptions | undefined
/** Rows as CSV or NDJSON are asked for by `fetch`. */
type Rowless<N extends 'reportUsage' | 'listGenerations'> = Omit<QueryOf<N>, 'format' | 'columns'>
type Reply<N extends OperationName> = RequestPromise<ResultOf<N>>
type Pages<N extends OperationName, T> = PagePromise<ResultOf<N>, T>

/** The methods behind `client.admin`. */
export type Administration = ReturnType<typeof administration>

/** Keys are named by `id` (`key_…`, `mkey_…`), which stays when the secret changes. Each may be refused with `not_found`. */
export const administration = (transport: Transport) => ({
  /** API keys, newest first; limits and usage in USD. Errors: `account_not_found`. */
  listApiKeys: (query?: QueryOf<'listApiKeys'>, options?: Options): Pages<'listApiKeys', ApiKey> =>
    list(transport, 'listApiKeys', query, ({ keys }) => keys, options),

  /** Makes an API key. `secret` is shown this once. Not tried again once it may have been made. Errors: `account_not_found`, `invalid_amount`. */
  createApiKey: (key: BodyOf<'createApiKey'>, options?: Options): Reply<'createApiKey'> =>
    call(transport, 'createApiKey', { body: key }, options),

  /** One API key, without its secret; limits and usage in USD. */
  getApiKey: (id: string, options?: Options): Reply<'getApiKey'> =>
    call(transport, 'getApiKey', { params: { id } }, options),

  /** Changes what an API key may do; it holds at once. Null takes a limit, an expiry or a restriction away. Errors: `invalid_amount`. */
  updateApiKey: (id: string, changes: BodyOf<'updateApiKey'>, options?: Options): Reply<'updateApiKey'> =>
    call(transport, 'updateApiKey', { params: { id }, body: changes }, options),

  /** Deletes an API key; its usage stays in the reports. */
  deleteApiKey: (id: string, options?: Options): Reply<'deleteApiKey'> =>
    call(transport, 'deleteApiKey', { params: { id } }, options),

  /** Gives an API key another secret, shown this once; the old one works for `graceSeconds` (0 by default, 86,400 at most). */
  rotateApiKey: (id: string, grace: BodyOf<'rotateApiKey'> = {}, options?: Options): Reply<'rotateApiKey'> =>
    call(transport, 'rotateApiKey', { params: { id }, body: grace }, options),

  /** Brings a customer's own key at a provider; `secret` never comes out again. Errors: `account_not_found`, `not_found`. */
  createCredential: (credential: BodyOf<'createCredential'>, options?: Options): Reply<'createCredential'> =>
    call(transport, 'createCredential', { body: credential }, options),

  /** Credentials at providers, newest first. Errors: `account_not_found`. */
  listCredentials: (query?: QueryOf<'listCredentials'>, options?: Options): Pages<'listCredentials', Credential> =>
    list(transport, 'listCredentials', query, ({ credentials }) => credentials, options),

  /** One credential, without its secret. */
  getCredential: (id: string, options?: Options): Reply<'getCredential'> =>
    call(transport, 'getCredential', { params: { id } }, options),

  /** Changes a credential, its secret too; it holds at once. */
  updateCredential: (id: string, changes: BodyOf<'updateCredential'>, options?: Options): Reply<'updateCredential'> =>
    call(transport, 'updateCredential', { params: { id }, body: changes }, options),

  /** Deletes a credential; no call uses it from then on. */
  deleteCredential: (id: string, options?: Options): Reply<'deleteCredential'> =>
    call(transport, 'deleteCredential', { params: { id } }, options),

  /** Asks the provider whether it takes the credential; costs nothing. */
  checkCredential: (id: string, options?: Options): Reply<'checkCredential'> =>
    call(transport, 'checkCredential', { params: { id } }, options),

  /** Sets a budget. It holds at once. Errors: `invalid_amount`, and that what the scope names does not exist. */
  createBudget: (budget: BodyOf<'createBudget'>, options?: Options): Reply<'createBudget'> =>
    call(transport, 'createBudget', { body: budget }, options),

  /** Budgets, newest first, with what is spent and reserved of them now. */
  listBudgets: (query?: QueryOf<'listBudgets'>, options?: Options): Pages<'listBudgets', Budget> =>
    list(transport, 'listBudgets', query, ({ budgets }) => budgets, options),

  /** Errors: `budget_not_found`. */
  getBudget: (id: string, options?: Options): Reply<'getBudget'> =>
    call(transport, 'getBudget', { params: { id } }, options),

  /** A limit holds at once, another window from the end of the present one. Errors: `budget_not_found`, `invalid_amount`. */
  updateBudget: (id: string, changes: BodyOf<'updateBudget'>, options?: Options): Reply<'updateBudget'> =>
    call(transport, 'updateBudget', { params: { id }, body: changes }, options),

  /** Ends a budget; what it counted stays. Errors: `budget_not_found`. */
  deleteBudget: (id: string, options?: Options): Reply<'deleteBudget'> =>
    call(transport, 'deleteBudget', { params: { id } }, options),

  /** What was used and what it came to, by calendar bucket and by up to two groups; totals, groups and buckets sum alike. */
  reportUsage: (query?: Rowless<'reportUsage'>, options?: Options): Reply<'reportUsage'> =>
    call(transport, 'reportUsage', { query: query ?? {} }, options),

  /** Calls, newest first, with their line items and attempts. Errors: `invalid_amount`. */
  listGenerations: (
    query?: Rowless<'listGenerations'>,
    options?: Options,
  ): Pages<'listGenerations', GenerationRecord> =>
    list(transport, 'listGenerations', query, ({ generations }) => generations, options),

  /** Why a call cost what it did. Errors: `generation_not_found`. */
  getGenerationRecord: (id: string, options?: Options): Reply<'getGenerationRecord'> =>
    call(transport, 'getGenerationRecord', { params: { id } }, options),

  /** The last 30 whole UTC days by model and endpoint, in the shape of OpenRouter. */
  getActivity: (query?: QueryOf<'getActivity'>, options?: Options): Reply<'getActivity'> =>
    call(transport, 'getActivity', { query: query ?? {} }, options),

  /** How each endpoint fares: its circuit, failures and pace; needs the operator's key. */
  listEndpointStates: (options?: Options): Reply<'listEndpointStates'> =>
    call(transport, 'listEndpointStates', {}, options),

  /** What the endpoints of a model charge, with sources and dates; without a model what was set here. Errors: `unknown_model`. */
  listRateCards: (query?: QueryOf<'listRateCards'>, options?: Options): Reply<'listRateCards'> =>
    call(transport, 'listRateCards', { query }, options),

  /**
   * Sets the prices of an endpoint, in place of those it ships with, from now or a later instant on. `priceUsd` is decimal
   * text for `per` units, a million unless told. What was charged before stays as it is. Errors: `not_found`.
   */
  createRateCard: (card: BodyOf<'createRateCard'>, options?: Options): Reply<'createRateCard'> =>
    call(transport, 'createRateCard', { body: card }, options),

  /** Takes back what was set for the endpoint of a card; what it ships with holds again. Errors: `not_found`. */
  withdrawRateCard: (id: string, options?: Options): Reply<'withdrawRateCard'> =>
    call(transport, 'withdrawRateCard', { params: { id } }, options),

  /** The organisations of the server; needs the operator's key. */
  listOrganisations: (
    query?: QueryOf<'listOrganisations'>,
    options?: Options,
  ): Pages<'listOrganisations', Organisation> =>
    list(transport, 'listOrganisations', query, ({ organisations }) => organisations, options),

  /** One organisation: its name and its time zone. */
  getOrganisation: (id: string, options?: Options): Reply<'getOrganisation'> =>
    call(transport, 'getOrganisation', { params: { id } }, options),

  /** Changes when the days of an organisation begin; its name too with the operator's key. */
  updateOrganisation: (
    id: string,
    changes: BodyOf<'updateOrganisation'>,
    options?: Options,
  ): Reply<'updateOrganisation'> => call(transport, 'updateOrganisation', { params: { id }, body: changes }, options),

  /** Management keys, newest first, without their secrets. */
  listManagementKeys: (
    query?: QueryOf<'listManagementKeys'>,
    options?: Options,
  ): Pages<'listManagementKeys', ManagementKey> =>
    list(transport, 'listManagementKeys', query, ({ managementKeys }) => managementKeys, options),

  /** One management key, without its secret. */
  getManagementKey: (id: string, options?: Options): Reply<'getManagementKey'> =>
    call(transport, 'getManagementKey', { params: { id } }, options),

  /** Renames or disables a management key. */
  updateManagementKey: (
    id: string,
    changes: BodyOf<'updateManagementKey'>,
    options?: Options,
  ): Reply<'updateManagementKey'> => call(transport, 'updateManagementKey', { params: { id }, body: changes }, options),

  /** Ends a management key at once; what it did stays in the audit log. */
  deleteManagementKey: (id: string, options?: Options): Reply<'deleteManagementKey'> =>
    call(transport, 'deleteManagementKey', { params: { id } }, options),

  /** Gives a management key another secret, shown this once; the old one works for `graceSeconds` (0 by default, 86,400 at most). */
  rotateManagementKey: (
    id: string,
    grace: BodyOf<'rotateManagementKey'> = {},
    options?: Options,
  ): Reply<'rotateManagementKey'> => call(transport, 'rotateManagementKey', { params: { id }, body: grace }, options),

  /** Who asks: the key, or the member whose session is behind the client. */
  getSession: (options?: Options): Reply<'getSession'> => call(transport, 'getSession', {}, options),

  /** Who may sign in, and who is invited, newest first. */
  listMembers: (query?: QueryOf<'listMembers'>, options?: Options): Pages<'listMembers', Member> =>
    list(transport, 'listMembers', query, ({ members }) => members, options),

  /** Makes an invitation; its `link` is shown this once. Not tried again once it may have been made. */
  inviteMember: (invitation: BodyOf<'inviteMember'>, options?: Options): Reply<'inviteMember'> =>
    call(transport, 'inviteMember', { body: invitation }, options),

  /** Gives a member (`mem_…`) another role; the last admin stays one (`last_admin`). */
  updateMember: (id: string, changes: BodyOf<'updateMember'>, options?: Options): Reply<'updateMember'> =>
    call(transport, 'updateMember', { params: { id }, body: changes }, options),

  /** Ends all sessions of a member, or an invitation. */
  removeMember: (id: string, options?: Options): Reply<'removeMember'> =>
    call(transport, 'removeMember', { params: { id } }, options),

  /** A link that makes an admin; needs the operator's key, and ends the link before. */
  createSetupLink: (request: BodyOf<'createSetupLink'> = {}, options?: Options): Reply<'createSetupLink'> =>
    call(transport, 'createSetupLink', { body: request }, options),

  /** The server that answers, its providers, and what waits to be delivered. */
  getSystem: (options?: Options): Reply<'getSystem'> => call(transport, 'getSystem', {}, options),

  /** How many model calls of the organisation are under way, in all processes. */
  countCallsInFlight: (options?: Options): Reply<'countCallsInFlight'> =>
    call(transport, 'countCallsInFlight', {}, options),

  /** Who changed what, newest first. */
  listAudit: (query?: Omit<QueryOf<'listAudit'>, 'format'>, options?: Options): Pages<'listAudit', AuditEntry> =>
    list(transport, 'listAudit', query, ({ entries }) => entries, options),
})
