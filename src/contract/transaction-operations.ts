/** Postings of an account, refunds, and the grants behind its balance. */
import { z } from 'zod'
import {
  OneTransactionQuery,
  RefundRequest,
  TransactionList,
  TransactionQuery,
  TransactionReply,
  TransactionRequest,
} from './credits.ts'
import { GrantList, GrantQuery, GrantVoided } from './grants.ts'
import { IDEMPOTENCY_ERRORS, operation, WHOSE_ERRORS } from './operation.ts'

const TransactionId = z.object({ id: z.string().max(64).meta({ description: '`txn_…`' }) })
const GrantId = z.object({ id: z.string().max(64).meta({ description: '`grant_…`' }) })

export const transactionOperations = [
  operation({
    name: 'listTransactions',
    method: 'GET',
    path: '/v1/transactions',
    dialect: 'openai',
    key: 'any',
    query: TransactionQuery,
    result: TransactionList,
    rows: true,
    errors: WHOSE_ERRORS,
  }),
  operation({
    name: 'getTransaction',
    method: 'GET',
    path: '/v1/transactions/{id}',
    dialect: 'openai',
    key: 'any',
    params: TransactionId,
    query: OneTransactionQuery,
    result: TransactionReply,
    errors: ['transaction_not_found'],
  }),
  operation({
    name: 'createTransaction',
    method: 'POST',
    path: '/v1/transactions',
    aliases: ['/v1/transactions/create'],
    dialect: 'openai',
    key: 'management',
    body: TransactionRequest,
    result: TransactionReply,
    status: 201,
    idempotent: true,
    errors: [
      ...WHOSE_ERRORS,
      ...IDEMPOTENCY_ERRORS,
      'invalid_amount',
      'out_of_range',
      'insufficient_credits',
      'budget_exceeded',
      'rate_limit_exceeded',
      'account_frozen',
      'account_closed',
    ],
  }),
  operation({
    name: 'refundTransaction',
    method: 'POST',
    path: '/v1/transactions/{id}/refund',
    dialect: 'openai',
    key: 'management',
    params: TransactionId,
    body: RefundRequest,
    result: TransactionReply,
    idempotent: true,
    errors: [
      ...IDEMPOTENCY_ERRORS,
      'transaction_not_found',
      'account_not_found',
      'invalid_amount',
      'out_of_range',
      'refund_exceeds_transaction',
    ],
  }),
  operation({
    name: 'listGrants',
    method: 'GET',
    path: '/v1/grants',
    dialect: 'openai',
    key: 'any',
    query: GrantQuery,
    result: GrantList,
    errors: WHOSE_ERRORS,
  }),
  operation({
    name: 'voidGrant',
    method: 'POST',
    path: '/v1/grants/{id}/void',
    dialect: 'openai',
    key: 'management',
    params: GrantId,
    result: GrantVoided,
    idempotent: true,
    errors: [...IDEMPOTENCY_ERRORS, 'grant_not_found', 'grant_spent'],
  }),
] as const
