/**
 * Every operation of the API: its place, who may call it, what goes in and out, and what it may be refused with. Server,
 * document, SDK and tests loop over this table; shapes are those of the wire.
 */
import { z } from 'zod'
import { Account, AccountCreated, AccountList, AccountRequest, Balance } from './accounts.ts'
import { PageQuery, Who } from './common.ts'
import {
  CreditsAdded,
  CreditsDeducted,
  CreditsRequest,
  DebitRequest,
  TransactionList,
  TransactionQuery,
  TransactionReply,
} from './credits.ts'
import type { ErrorCode } from './errors.ts'
import { GenerationQuery, GenerationReply } from './generations.ts'
import {
  CreditTotals,
  CurrentKey,
  KeyCreated,
  KeyDeleted,
  KeyList,
  KeyParams,
  KeyPatch,
  KeyQuery,
  KeyReply,
  KeyRequest,
} from './keys.ts'
import {
  AllModelsQuery,
  AllModelsReply,
  CalculateReply,
  CalculateRequest,
  EndpointList,
  ListedModel,
  ModelCount,
  ModelList,
  ModelListQuery,
  ModelParams,
  ModelReply,
  OneModelParams,
  ProviderList,
} from './models.ts'
import {
  ManagementKeyCreated,
  ManagementKeyRequest,
  OrganisationCreated,
  OrganisationRequest,
} from './organisations.ts'

import {
  CancelRequest,
  ConfirmRequest,
  ExtendRequest,
  ReservationCancelled,
  ReservationConfirmed,
  ReservationCreated,
  ReservationExtended,
  ReservationList,
  ReservationQuery,
  ReservationReply,
  ReservationRequest,
} from './reservations.ts'

import { SummaryReply, UsageFilter, UsageList, UsageQuery, UsageRecorded, UsageRequest } from './usage.ts'

export type Operation = {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `{name}` is one segment, `{name*}` all the rest. */
  readonly path: string
  /** Other paths of the same operation: for idempotency they are one. Parameters that a path lacks are missing. */
  readonly aliases?: readonly string[]
  /** The shape of its errors. */
  readonly dialect: 'openai' | 'openrouter'
  /** `any`: API keys too, which see what is theirs. `operator`: the server's own management key alone. */
  readonly key: 'any' | 'management' | 'operator'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  readonly result: z.ZodType
  /** Default: 200. */
  readonly status?: number
  /** Takes `Idempotency-Key`. */
  readonly idempotent?: true
  /** Rows come as text/csv too, by `Accept`. */
  readonly csv?: true
  /** Beside those that every operation may answer with: {@link COMMON_ERRORS}. */
  readonly errors: readonly ErrorCode[]
}

/** About the request itself, the key, or the server. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  'invalid_json',
  'invalid_request',
  'invalid_api_key',
  'forbidden',
  'payload_too_large',
  'unsupported_media_type',
  'internal_error',
  'service_unavailable',
]

const operation = <const O extends Operation>(definition: O): O => definition

const AccountId = z.object({ id: z.string().max(64).optional().meta({ description: '`acc_…`' }) })
const TransactionId = z.object({ id: z.string().max(64).meta({ description: '`txn_…`' }) })
const idempotency = ['idempotency_key_mismatch', 'idempotency_in_progress'] as const
const whose = ['account_not_found', 'account_mismatch'] as const
const ReservationId = z.object({ id: z.string().max(64).meta({ description: '`res_…`' }) })
const ReservationName = ReservationId.partial()
const telling = ['unknown_model', 'invalid_usage', 'out_of_range'] as const
const ending = [
  'reservation_not_found',
  'reservation_already_confirmed',
  'reservation_cancelled',
  'reservation_expired',
] as const

export const operations = [
  operation({
    name: 'getGeneration',
    method: 'GET',
    path: '/api/v1/generation',
    dialect: 'openrouter',
    key: 'any',
    query: GenerationQuery,
    result: GenerationReply,
    errors: ['generation_not_found'],
  }),
  operation({
    name: 'getCurrentKey',
    method: 'GET',
    path: '/api/v1/key',
    aliases: ['/api/v1/auth/key'],
    dialect: 'openrouter',
    key: 'any',
    result: CurrentKey,
    errors: [],
  }),
  operation({
    name: 'getCredits',
    method: 'GET',
    path: '/api/v1/credits',
    dialect: 'openrouter',
    key: 'management',
    result: CreditTotals,
    errors: [],
  }),
  operation({
    name: 'listKeys',
    method: 'GET',
    path: '/api/v1/keys',
    dialect: 'openrouter',
    key: 'management',
    query: KeyQuery,
    result: KeyList,
    errors: [],
  }),
  operation({
    name: 'createKey',
    method: 'POST',
    path: '/api/v1/keys',
    dialect: 'openrouter',
    key: 'management',
    body: KeyRequest,
    result: KeyCreated,
    status: 201,
    errors: ['invalid_amount', 'account_not_found'],
  }),
  operation({
    name: 'getKey',
    method: 'GET',
    path: '/api/v1/keys/{hash}',
    dialect: 'openrouter',
    key: 'management',
    params: KeyParams,
    result: KeyReply,
    errors: ['not_found'],
  }),
  operation({
    name: 'updateKey',
    method: 'PATCH',
    path: '/api/v1/keys/{hash}',
    dialect: 'openrouter',
    key: 'management',
    params: KeyParams,
    body: KeyPatch,
    result: KeyReply,
    errors: ['not_found', 'invalid_amount'],
  }),
  operation({
    name: 'deleteKey',
    method: 'DELETE',
    path: '/api/v1/keys/{hash}',
    dialect: 'openrouter',
    key: 'management',
    params: KeyParams,
    result: KeyDeleted,
    errors: ['not_found'],
  }),
  operation({
    name: 'listModels',
    method: 'GET',
    path: '/api/v1/models',
    dialect: 'openrouter',
    key: 'any',
    query: ModelListQuery,
    result: ModelList,
    errors: [],
  }),
  operation({
    name: 'countModels',
    method: 'GET',
    path: '/api/v1/models/count',
    dialect: 'openrouter',
    key: 'any',
    result: ModelCount,
    errors: [],
  }),
  operation({
    name: 'getModel',
    method: 'GET',
    path: '/api/v1/model/{author}/{slug}',
    dialect: 'openrouter',
    key: 'any',
    params: ModelParams,
    result: ModelReply,
    errors: ['not_found'],
  }),
  operation({
    name: 'listEndpoints',
    method: 'GET',
    path: '/api/v1/models/{author}/{slug}/endpoints',
    dialect: 'openrouter',
    key: 'any',
    params: ModelParams,
    result: EndpointList,
    errors: ['not_found'],
  }),
  operation({
    name: 'listProviders',
    method: 'GET',
    path: '/api/v1/providers',
    dialect: 'openrouter',
    key: 'any',
    result: ProviderList,
    errors: [],
  }),
  operation({
    name: 'listAllModels',
    method: 'GET',
    path: '/v1/models',
    dialect: 'openai',
    key: 'any',
    query: AllModelsQuery,
    result: AllModelsReply,
    errors: ['model_not_found'],
  }),
  operation({
    name: 'getOneModel',
    method: 'GET',
    path: '/v1/models/{id*}',
    dialect: 'openai',
    key: 'any',
    params: OneModelParams,
    result: ListedModel,
    errors: ['model_not_found'],
  }),
  operation({
    name: 'calculateCost',
    method: 'POST',
    path: '/v1/models/calculate',
    dialect: 'openai',
    key: 'any',
    body: CalculateRequest,
    result: CalculateReply,
    errors: ['unknown_model', 'unpriced_model', 'invalid_usage'],
  }),
  operation({
    name: 'createAccount',
    method: 'POST',
    path: '/v1/accounts',
    aliases: ['/v1/accounts/create'],
    dialect: 'openai',
    key: 'management',
    body: AccountRequest,
    result: AccountCreated,
    status: 201,
    idempotent: true,
    errors: ['external_id_taken', ...idempotency],
  }),
  operation({
    name: 'listAccounts',
    method: 'GET',
    path: '/v1/accounts',
    dialect: 'openai',
    key: 'any',
    query: PageQuery,
    result: AccountList,
    errors: [],
  }),
  operation({
    name: 'getAccount',
    method: 'GET',
    path: '/v1/accounts/{id}',
    aliases: ['/v1/accounts/get'],
    dialect: 'openai',
    key: 'any',
    params: AccountId,
    query: Who,
    result: Account,
    errors: whose,
  }),
  operation({
    name: 'getBalance',
    method: 'GET',
    path: '/v1/accounts/{id}/balance',
    aliases: ['/v1/accounts/balance'],
    dialect: 'openai',
    key: 'any',
    params: AccountId,
    query: Who,
    result: Balance,
    errors: whose,
  }),
  operation({
    name: 'addCredits',
    method: 'POST',
    path: '/v1/accounts/{id}/credits',
    aliases: ['/v1/accounts/credits/add'],
    dialect: 'openai',
    key: 'management',
    params: AccountId,
    body: CreditsRequest,
    result: CreditsAdded,
    idempotent: true,
    errors: [...whose, ...idempotency, 'invalid_amount', 'out_of_range', 'account_closed', 'payment_already_credited'],
  }),
  operation({
    name: 'deductCredits',
    method: 'POST',
    path: '/v1/accounts/{id}/debits',
    aliases: ['/v1/accounts/credits/deduct'],
    dialect: 'openai',
    key: 'management',
    params: AccountId,
    body: DebitRequest,
    result: CreditsDeducted,
    idempotent: true,
    errors: [...whose, ...idempotency, 'invalid_amount', 'insufficient_credits', 'account_frozen', 'account_closed'],
  }),
  operation({
    name: 'createReservation',
    method: 'POST',
    path: '/v1/reservations',
    aliases: ['/v1/reservations/create'],
    dialect: 'openai',
    key: 'management',
    body: ReservationRequest,
    result: ReservationCreated,
    status: 201,
    idempotent: true,
    errors: [
      ...whose,
      ...idempotency,
      'invalid_amount',
      'out_of_range',
      'insufficient_credits',
      'account_frozen',
      'account_closed',
    ],
  }),
  operation({
    name: 'listReservations',
    method: 'GET',
    path: '/v1/reservations',
    dialect: 'openai',
    key: 'any',
    query: ReservationQuery,
    result: ReservationList,
    errors: whose,
  }),
  operation({
    name: 'getReservation',
    method: 'GET',
    path: '/v1/reservations/{id}',
    dialect: 'openai',
    key: 'any',
    params: ReservationId,
    result: ReservationReply,
    errors: ['reservation_not_found'],
  }),
  operation({
    name: 'confirmReservation',
    method: 'POST',
    path: '/v1/reservations/{id}/confirm',
    aliases: ['/v1/reservations/confirm'],
    dialect: 'openai',
    key: 'management',
    params: ReservationName,
    body: ConfirmRequest,
    result: ReservationConfirmed,
    idempotent: true,
    errors: [...ending, ...idempotency, ...telling, 'amount_exceeds_reservation', 'invalid_amount', 'unpriced_model'],
  }),
  operation({
    name: 'cancelReservation',
    method: 'POST',
    path: '/v1/reservations/{id}/cancel',
    aliases: ['/v1/reservations/cancel'],
    dialect: 'openai',
    key: 'management',
    params: ReservationName,
    body: CancelRequest,
    result: ReservationCancelled,
    idempotent: true,
    errors: [...ending, ...idempotency],
  }),
  operation({
    name: 'extendReservation',
    method: 'POST',
    path: '/v1/reservations/{id}/extend',
    aliases: ['/v1/reservations/extend'],
    dialect: 'openai',
    key: 'management',
    params: ReservationName,
    body: ExtendRequest,
    result: ReservationExtended,
    idempotent: true,
    errors: [...ending, ...idempotency],
  }),
  operation({
    name: 'listTransactions',
    method: 'GET',
    path: '/v1/transactions',
    dialect: 'openai',
    key: 'any',
    query: TransactionQuery,
    result: TransactionList,
    errors: whose,
  }),
  operation({
    name: 'getTransaction',
    method: 'GET',
    path: '/v1/transactions/{id}',
    dialect: 'openai',
    key: 'any',
    params: TransactionId,
    result: TransactionReply,
    errors: ['transaction_not_found'],
  }),
  operation({
    name: 'recordUsage',
    method: 'POST',
    path: '/v1/usage',
    aliases: ['/v1/usage/record'],
    dialect: 'openai',
    key: 'management',
    body: UsageRequest,
    result: UsageRecorded,
    status: 201,
    idempotent: true,
    errors: [
      ...whose,
      ...telling,
      'idempotency_key_mismatch',
      'transaction_required',
      'transaction_not_found',
      'transaction_account_mismatch',
    ],
  }),
  operation({
    name: 'listUsage',
    method: 'GET',
    path: '/v1/usage',
    dialect: 'openai',
    key: 'any',
    query: UsageQuery,
    result: UsageList,
    csv: true,
    errors: whose,
  }),
  operation({
    name: 'summariseUsage',
    method: 'GET',
    path: '/v1/usage/summary',
    dialect: 'openai',
    key: 'any',
    query: UsageFilter,
    result: SummaryReply,
    errors: whose,
  }),
  operation({
    name: 'createOrganisation',
    method: 'POST',
    path: '/api/admin/organisations',
    dialect: 'openai',
    key: 'operator',
    body: OrganisationRequest,
    result: OrganisationCreated,
    status: 201,
    errors: [],
  }),
  operation({
    name: 'createManagementKey',
    method: 'POST',
    path: '/api/admin/management-keys',
    dialect: 'openai',
    key: 'management',
    body: ManagementKeyRequest,
    result: ManagementKeyCreated,
    status: 201,
    errors: ['not_found'],
  }),
] as const

type AnyOperation = (typeof operations)[number]
export type OperationName = AnyOperation['name']
export type OperationNamed<N extends OperationName> = Extract<AnyOperation, { name: N }>

/** What an operation takes of one part of the request: an empty object where it takes nothing. */
export type Input<O, K extends 'params' | 'query' | 'body'> = O extends { readonly [P in K]: infer S extends z.ZodType }
  ? z.output<S>
  : Readonly<Record<never, never>>
