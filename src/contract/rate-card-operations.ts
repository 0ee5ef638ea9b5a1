/** Rate cards: read, and set where the operator knows better. A card is superseded, never edited. */
import { operation } from './operation.ts'
import { RateCardList, RateCardParams, RateCardQuery, RateCardReply, RateCardRequest } from './rate-cards.ts'

const shared = { dialect: 'openai', key: 'management' } as const

export const rateCardOperations = [
  operation({
    ...shared,
    name: 'listRateCards',
    method: 'GET',
    path: '/api/admin/rate-cards',
    query: RateCardQuery,
    result: RateCardList,
    errors: ['unknown_model'],
  }),
  operation({
    ...shared,
    name: 'createRateCard',
    method: 'POST',
    path: '/api/admin/rate-cards',
    body: RateCardRequest,
    result: RateCardReply,
    status: 201,
    errors: ['not_found'],
  }),
  operation({
    ...shared,
    name: 'withdrawRateCard',
    method: 'DELETE',
    path: '/api/admin/rate-cards/{id*}',
    params: RateCardParams,
    result: RateCardReply,
    errors: ['not_found'],
  }),
] as const
