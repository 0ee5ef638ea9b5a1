/** The names of what goes in and comes out, taken from the operations, so that they follow the server's description. */
import type { BodyOf, QueryOf, ResultOf } from './calls.ts'

export type {
  Account,
  AlertChannel,
  ApiKey,
  AuditEntry,
  Balance,
  Budget,
  Credential,
  CredentialCheck,
  Delivery,
  EffectiveSetting,
  Entry,
  Generation,
  GenerationRecord,
  Grant,
  Key,
  ManagementKey,
  Member,
  Model,
  Operations,
  Organisation,
  Plan,
  PricedModel,
  RateCard,
  Reconciliation,
  Reservation,
  ServerState,
  Session,
  System,
  Transaction,
  UsageRecord,
  UsageReport,
  UsageSummary,
} from './schema.gen.ts'

/** Where a page stands in its list. */
export type Pagination = ResultOf<'listAccounts'>['pagination']

/** Whose: either name will do; where both are given they must agree. */
export type Who = NonNullable<QueryOf<'getAccount'>>

/** Credits: a number with at most 9 decimals, or decimal text. */
export type Amount = BodyOf<'addCredits'>['amount']

/** What a confirmation charged, released and left, in credits. */
export type Confirmation = ResultOf<'confirmReservation'>

type ConfirmBody = BodyOf<'confirmReservation'>
/** How much of which model was used; with a confirmation, the account and the transaction are the reservation's. */
export type ConfirmedUsage = NonNullable<ConfirmBody['usage']>[number]
/** One of `actualAmount` (credits) and `usage` at least; usage alone is charged at its price. */
export type ConfirmRequest = Omit<ConfirmBody, 'usage' | 'reservationId'> & {
  /** One record or several, written with the charge or not at all. */
  usage?: ConfirmedUsage | readonly ConfirmedUsage[] | undefined
}

/** A usage to record: of which model, how much, and of which transaction. */
export type UsageRequest = BodyOf<'recordUsage'>
/** Which usage to sum up: of whom, of which model, from when to when. */
export type UsageFilters = QueryOf<'summariseUsage'>
/** One page of usage records. */
export type UsagePage = Extract<ResultOf<'listUsage'>, { usageRecords: unknown }>
/** What `getUsage` answers: a page, or with `summary: true` the sums. */
export type UsageAnswer = UsagePage | ResultOf<'summariseUsage'>
/** Which usage to list, and how much of it a page; `summary: true` asks for the sums. */
export type UsageQuery = Omit<QueryOf<'listUsage'>, 'summary'> & { summary?: boolean | undefined }
