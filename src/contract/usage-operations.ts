import { operation, USAGE_ERRORS, WHOSE_ERRORS } from './operation.ts'

import { SummaryReply, UsageFilter, UsageList, UsageQuery, UsageRecorded, UsageRequest } from './usage.ts'

export const usageOperations = [
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
      ...WHOSE_ERRORS,
      ...USAGE_ERRORS,
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
    rows: true,
    errors: WHOSE_ERRORS,
  }),
  operation({
    name: 'summariseUsage',
    method: 'GET',
    path: '/v1/usage/summary',
    dialect: 'openai',
    key: 'any',
    query: UsageFilter,
    result: SummaryReply,
    errors: WHOSE_ERRORS,
  }),
] as const
