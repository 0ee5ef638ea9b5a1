/**
 * Every operation of the API. Server, document, SDK and tests loop over this table; shapes are those of the wire.
 */
import type { z } from 'zod'
import { accountOperations } from './account-operations.ts'
import { alertOperations } from './alert-operations.ts'
import { budgetOperations } from './budget-operations.ts'
import { credentialOperations } from './credential-operations.ts'
import { generationOperations } from './generation-operations.ts'
import { keyOperations } from './key-operations.ts'
import { memberOperations } from './member-operations.ts'
import { modelOperations } from './model-operations.ts'
import { organisationOperations } from './organisation-operations.ts'
import { rateCardOperations } from './rate-card-operations.ts'
import { reportOperations } from './report-operations.ts'
import { reservationOperations } from './reservation-operations.ts'
import { transactionOperations } from './transaction-operations.ts'
import { usageOperations } from './usage-operations.ts'

export const operations = [
  ...generationOperations,
  ...keyOperations,
  ...modelOperations,
  ...rateCardOperations,
  ...accountOperations,
  ...reservationOperations,
  ...transactionOperations,
  ...usageOperations,
  ...reportOperations,
  ...organisationOperations,
  ...memberOperations,
  ...credentialOperations,
  ...budgetOperations,
  ...alertOperations,
] as const

type AnyOperation = (typeof operations)[number]
export type OperationName = AnyOperation['name']
export type OperationNamed<N extends OperationName> = Extract<AnyOperation, { name: N }>

/** What an operation takes of one part of the request: an empty object where it takes nothing. */
export type Input<O, K extends 'params' | 'query' | 'body'> = O extends { readonly [P in K]: infer S extends z.ZodType }
  ? z.output<S>
  : Readonly<Record<never, never>>
