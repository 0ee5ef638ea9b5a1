/** `@turnpike/sdk`: the client of Turnpike, the errors it throws, and a cost tracker for any OpenRouter-like API. */
export type { Administration } from './administration.ts'
export type { ChatChunk, ChatMessage, ChatReply, ChatRequest, ChatStream, ChatUsage } from './chat.ts'
export { TurnpikeClient } from './client.ts'
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
export { CostTracker, type CostTrackerOptions } from './tracker.ts'
export type { ClientOptions, Logger, RequestOptions } from './transport.ts'
export type {
  Account,
  Amount,
  ApiKey,
  AuditEntry,
  Balance,
  Budget,
  Confirmation,
  ConfirmedUsage,
  ConfirmRequest,
  Credential,
  CredentialCheck,
  Generation,
  GenerationRecord,
  Grant,
  Key,
  ManagementKey,
  Model,
  Operations,
  Organisation,
  Pagination,
  Plan,
  PricedModel,
  Reconciliation,
  Reservation,
  Transaction,
  UsageAnswer,
  UsageFilters,
  UsagePage,
  UsageQuery,
  UsageRecord,
  UsageReport,
  UsageRequest,
  UsageSummary,
  Who,
} from './types.ts'
export { type WebhookEvent, type WebhookHeaders, type Webhooks, webhooks } from './webhooks.ts'
