/** The names of what goes in and comes out, taken from the operations, so that they follow the server's description. */
import type { BodyOf, QueryOf, ResultOf } from './calls.ts'

export type { Account, Balance, Generation, Key, Model, Operations, PricedModel, Transaction } from './schema.gen.ts'
export type { Pagination } from './wire.ts'

/** Whose: either name will do; where both are given they must agree. */
export type Who = NonNullable<QueryOf<'getAccount'>>

/** Credits: a number with at most 9 decimals, or decimal text. */
export type Amount = BodyOf<'addCredits'>['amount']

export type Reservation = ResultOf<'getReservation'>['reservation']
export type Confirmation = ResultOf<'confirmReservation'>

type ConfirmBody = BodyOf<'confirmReservation'>
/** How much of which model was used; with a confirmation, the account and the transaction are the reservation's. */
export type ConfirmedUsage = NonNullable<ConfirmBody['usage']>[number]
/** One of `actualAmount` (credits) and `usage` at least; usage alone is charged at its price. */
export type ConfirmRequest = Omit<ConfirmBody, 'usage' | 'reservationId'> & {
  usage?: ConfirmedUsage | readonly ConfirmedUsage[] | undefined
}

export type UsageRequest = BodyOf<'recordUsage'>
export type UsageRecord = ResultOf<'recordUsage'>['usageRecord']
export type UsageFilters = QueryOf<'summariseUsage'>
export type UsageSummary = ResultOf<'summariseUsage'>['summary']
/** One page of usage records. */
export type UsagePage = Extract<ResultOf<'listUsage'>, { usageRecords: unknown }>
/** What `getUsage` answers: a page, or with `summary: true` the sums. */
export type UsageAnswer = UsagePage | ResultOf<'summariseUsage'>
export type UsageQuery = Omit<QueryOf<'listUsage'>, 'summary'> & { summary?: boolean | undefined }

export type Grant = ResultOf<'listGrants'>['grants'][number]
export type Plan = ResultOf<'listPlans'>['plans'][number]
