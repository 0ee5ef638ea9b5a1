/** `@turnpike/sdk`: the client of Turnpike, the errors it throws, and a cost tracker for any OpenRouter-like API. */
export type { ChatChunk, ChatMessage, ChatReply, ChatRequest, ChatStream, ChatUsage } from './chat.ts'
export { TurnpikeClient, type UsageAnswer, type UsageQuery } from './client.ts'
export type { CostRecord } from './cost-record.ts'
export {
  AbortError,
  AuthenticationError,
  BadRequestError,
  BudgetExceededError,
  ConflictError,
  ConnectionError,
  InsufficientCreditsError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  TurnpikeError,
  WebhookVerificationError,
} from './errors.ts'
export type { PagePromise, RequestPromise, WithResponse } from './request-promise.ts'
export type { Account, Balance, Generation, Key, Model, Operations, PricedModel, Transaction } from './schema.gen.ts'
export { CostTracker, type CostTrackerOptions } from './tracker.ts'
export type { ClientOptions, Logger, RequestOptions } from './transport.ts'
export { type WebhookEvent, type WebhookHeaders, type Webhooks, webhooks } from './webhooks.ts'
export type {
  Amount,
  BalanceFigures,
  Confirmation,
  ConfirmRequest,
  Grant,
  PageQuery,
  Pagination,
  Plan,
  Reservation,
  UsageCounts,
  UsageFilters,
  UsageRecord,
  UsageRequest,
  UsageSummary,
  UsageType,
  Who,
} from './wire.ts'
