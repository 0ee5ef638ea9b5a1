/** The page of errors: what each code means, its status on each mount, what causes it and what helps. */
import { type ErrorCode, errorRow, errors, refuse } from '../../src/contract/errors.ts'
import { openai } from '../../src/dialects/openai.ts'
import { openrouter } from '../../src/dialects/openrouter.ts'
import { code, opening, sentence, table } from './markdown.ts'

export const errorsReference = (): string =>
  [
    opening(
      '`src/contract/errors.ts`',
      'Errors',
      'Every error code, its status, what causes it and what helps. Each reply carries `x-request-id`; quote it when you ask about an error.',
    ),
    'On `/v1` the code is `error.code`, in the shape of OpenAI. On `/api/v1` `error.code` is the status as a number, in the shape of OpenRouter, and the kind stands in `error.metadata.error_type`. ' +
      `The calls under \`messages\` answer in the shape of Anthropic: its own word in \`error.type\`, the kind in \`error.error_type\`, the statuses of \`/v1\`${differing()}. ` +
      'A stream that fails after its first byte ends with an event that holds the same error.\n',
    '## What to send again\n',
    'For authors of clients; the official ones, the SDK and the command line do it by themselves.\n',
    '- **Again**, where the column says yes: after `retry-after-ms` milliseconds or `Retry-After` seconds where the reply has them, else after waits that grow, with some chance in them, and a few times at most.\n' +
      '- **Never** where it says no: the reply has `x-should-retry: false`, because clients would try its status, and it cannot help.\n' +
      '- **Not as it is** where it says nothing: the same request gets the same answer. Change it first.\n' +
      '- **A connection that broke**, or a time-out of your own: the server may have acted. Send what moves money again under the [same `Idempotency-Key`](../concepts/idempotency.md), and it happens once. A model call under its key is charged once as well.\n' +
      '- **A stream that ended with an error** may be asked for again as a new call. A 5xx is only ever sent where nothing was charged.\n',
    '## All codes\n',
    table(['code', '/v1', '/api/v1', 'kind on /api/v1', 'repeat', 'cause', 'cure'], codes.map(row)),
  ].join('\n')

/** Statuses of Anthropic's own. */
function differing(): string {
  const own = codes.filter((name) => errorRow(name).anthropicStatus !== undefined)
  const byStatus = Map.groupBy(own, (name) => errorRow(name).anthropicStatus)
  return [...byStatus].map(([status, names]) => `, but ${status} for ${names.map(code).join(' and ')}`).join('')
}

const codes: readonly ErrorCode[] = (Object.keys(errors) as ErrorCode[]).sort(
  (a, b) => errors[a].status - errors[b].status,
)

const IDS = { requestId: '0', generationId: 'gen-0' }

function row(name: ErrorCode): string[] {
  const [onV1, onApi] = [openai.error(refuse(name), IDS), openrouter.error(refuse(name), IDS)]
  const repeat = onV1.headers['x-should-retry'] === 'false' ? 'no' : REPEATED.has(onV1.status) ? 'yes' : ''
  const { cause, cure } = EXPLAINED[name]
  const kind = code(errors[name].errorType)
  return [code(name), String(onV1.status), String(onApi.status), kind, repeat, sentence(cause), sentence(cure)]
}

const REPEATED: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504])

const EXPLAINED: Record<ErrorCode, { readonly cause: string; readonly cure: string }> = {
  invalid_json: {
    cause: 'The body is not JSON, or not an object',
    cure: 'Look at the character that the sentence names; send `Content-Type: application/json` and one object',
  },
  invalid_request: {
    cause: 'A field is missing or has a wrong value, or a field that decides about the cost stands twice',
    cure: '`param` names the field, the sentence says what was expected',
  },
  account_mismatch: {
    cause: 'Two names of an account were sent that belong to different accounts',
    cure: 'Send one of them',
  },
  wrong_credentials: {
    cause: 'Nobody signs in with this e-mail address and this password',
    cure: 'Type them again; who has forgotten the password asks an admin for another invitation, or the operator for `turnpike setup-link`',
  },
  email_taken: {
    cause: 'The e-mail address belongs to a member',
    cure: 'Sign in with it, or invite another address',
  },
  last_admin: {
    cause: 'The organisation would be left without an admin who can sign in',
    cure: 'Invite another admin, or make a reader one, and try again',
  },
  link_ended: {
    cause: 'A link works once and for a limited time, and a new one ends the one before',
    cure: 'Ask for another: `turnpike setup-link`, or an invitation by an admin',
  },
  context_length_exceeded: {
    cause: 'The provider says that the prompt is longer than the context of the model',
    cure: 'Shorten the prompt, or choose a model with a longer context',
  },
  max_tokens_exceeded: {
    cause: 'The output limit of the request is above what the model can give',
    cure: 'Lower `max_tokens`; the sentence names the maximum',
  },
  invalid_api_key: {
    cause: 'The key is missing, unknown, disabled, deleted or expired',
    cure: 'Send `Authorization: Bearer sk-tp-…`; make a new key if it is lost',
  },
  insufficient_credits: {
    cause: 'The account cannot cover what the call might cost at most, or what is to be reserved or deducted',
    cure: 'Add credits; the credits API says how many in `details.shortfall`. Or send a lower `max_tokens`: of a call `details.affordableTokens` says how much output is affordable',
  },
  forbidden: {
    cause:
      'The key is known but may not do this: an API key on an operation for management keys, or a reader that wants to change something',
    cure: 'Use a management key (`mk-tp-…`) with the role that it takes',
  },
  credential_refused: {
    cause: 'The provider refused the credential of your own that the call was sent with, or it cannot be read any more',
    cure: 'The sentence names it and repeats the provider; send a new secret, or let the credential fall back to ours',
  },
  account_frozen: { cause: 'The account was frozen', cure: 'Use another account until it is open again' },
  content_policy_violation: {
    cause: 'The provider refused the content',
    cure: 'Change the request; the same one is refused again',
  },
  model_not_found: {
    cause: 'No model of this name is configured or can be reached',
    cure: '`GET /v1/models` lists those that can; a provider without a key has none',
  },
  unknown_model: {
    cause: 'A price was asked for a model that does not exist',
    cure: '`GET /v1/models` lists those that do',
  },
  no_endpoints: {
    cause: 'The `provider` preferences of the request leave nobody',
    cure: 'Loosen `only`, `ignore`, `max_price`, `require_parameters`, `data_collection`, `zdr` or `quantizations`',
  },
  not_found: {
    cause: 'The path does not exist, or what it names does not',
    cure: "Look at the base URL: `/v1` for OpenAI's clients, `/api/v1` for OpenRouter's, the host alone for Anthropic's",
  },
  generation_not_found: {
    cause: 'No call of this id was made by this key',
    cure: 'Ask with the key that made the call, or with a management key of its organisation',
  },
  account_not_found: {
    cause: 'There is no such account in this organisation',
    cure: 'Look at the id, or make the account',
  },
  transaction_not_found: { cause: 'There is no such transaction in this organisation', cure: 'Look at the id' },
  method_not_allowed: { cause: 'The path exists, the method does not', cure: '`Allow` lists the methods' },
  request_timeout: { cause: 'The body did not arrive in time', cure: 'Send it again; look at the network between' },
  external_id_taken: {
    cause: 'Another account has this `externalId`, perhaps a closed one',
    cure: 'Use the account that has it, or another name',
  },
  account_closed: { cause: 'The account was closed', cure: 'Use another account' },
  payment_already_credited: {
    cause: 'This `paymentId` was credited with another amount or to another account',
    cure: 'Nothing was credited twice; send the first content again, or the id of another payment',
  },
  idempotency_key_mismatch: {
    cause: 'The `Idempotency-Key` was used before with other content',
    cure: 'Use a new key for new content',
  },
  idempotency_in_progress: {
    cause: 'The first call with this `Idempotency-Key` is still running',
    cure: 'Wait as `Retry-After` says and send the same again',
  },
  usage_already_recorded: {
    cause: 'The usage was told under this `Idempotency-Key` before, and its record went with its month',
    cure: 'Nothing was recorded twice; its sums are in the reports',
  },
  generation_already_settled: {
    cause: 'The model call of this `Idempotency-Key` has ended and was charged',
    cure: 'Nothing was charged twice; `details.generationId` names the call',
  },
  payload_too_large: {
    cause: 'The body is longer than `limits.bodyBytes`, or than the provider takes',
    cure: 'Send less, or raise the limit',
  },
  unsupported_media_type: { cause: 'The body is not `application/json`', cure: 'Send JSON and say so' },
  invalid_amount: {
    cause: 'The amount is negative, zero where something must happen, or finer than a nano-dollar',
    cure: 'Send a number or decimal text with at most 9 decimals',
  },
  out_of_range: { cause: 'The result would not fit the ledger', cure: 'Use smaller amounts' },
  invalid_usage: {
    cause: 'The counts contradict each other or the kind of usage',
    cure: 'The sentence names the field',
  },
  unpriced_model: {
    cause: 'The model has no price, so that nothing could be reserved for it',
    cure: 'Give it one in turnpike.yaml, or set `unpriced: allow` for calls that no account pays for',
  },
  budget_exceeded: {
    cause:
      'The limit of the key leaves no room for what the call might cost at most. Used up, it is 403 on `/api/v1`; `limits.keyLimitStatus` decides otherwise',
    cure: 'Raise the limit, send a lower `max_tokens`, or wait for the next window',
  },
  rate_limit_exceeded: {
    cause: 'Every provider of the model answered that it is asked too often',
    cure: 'Wait as `Retry-After` says; add an endpoint',
  },
  internal_error: { cause: 'A defect of Turnpike', cure: 'Report it with the request id; the log has the cause' },
  provider_error: {
    cause: 'The provider failed, answered with nothing usable, or broke off',
    cure: 'Try again; add an endpoint',
  },
  provider_overloaded: {
    cause:
      'The provider says that it is overloaded, or every endpoint that the call could go to failed again and again and is left alone for a while',
    cure: 'Try again as `Retry-After` says; add an endpoint',
  },
  service_unavailable: {
    cause: 'This server is stopping, its database is out of reach, or too much waits already',
    cure: 'Try again as `Retry-After` says',
  },
  provider_timeout: {
    cause: 'The provider took longer than the limits allow',
    cure: 'Try again; raise `limits.firstByteSeconds`, `limits.streamIdleSeconds` or `limits.replySeconds` if it is slow',
  },
  reservation_not_found: {
    cause: 'No reservation has this id, or it belongs to another organisation',
    cure: 'Take the id from the answer that created it',
  },
  budget_not_found: {
    cause: 'No budget of this organisation has the id',
    cure: 'List the budgets with `GET /api/admin/budgets`',
  },
  plan_not_found: {
    cause: 'No plan has this id, or it belongs to another organisation',
    cure: '`GET /v1/plans` lists them',
  },
  grant_not_found: {
    cause: 'No grant has this id, or it belongs to another organisation',
    cure: '`GET /v1/grants` lists them',
  },
  reservation_already_confirmed: {
    cause: 'The reservation was confirmed before, with another amount or other usage',
    cure: '`details.transactionId` is the charge that exists; the same content again gets the first answer',
  },
  reservation_cancelled: {
    cause: 'The reservation was cancelled before it was confirmed',
    cure: 'Reserve again, or debit the account',
  },
  amount_exceeds_reservation: {
    cause: 'The amount is above what was reserved, and the account or the call says `reject`',
    cure: 'Confirm less, or send `onOverage: charge` or `cap`',
  },
  transaction_account_mismatch: {
    cause: 'The usage names a transaction of another account',
    cure: 'Send the account that the transaction belongs to',
  },
  refund_exceeds_transaction: {
    cause: 'More would be given back than was charged and not refunded yet',
    cure: '`details.refundable` says how much is left',
  },
  grant_spent: {
    cause: 'Nothing of the grant is left that is not reserved',
    cure: 'Nothing is there to void',
  },
  reservation_expired: {
    cause: 'The reservation and its grace are over; its credits are free again',
    cure: 'Reserve again, or confirm with `ifExpired: charge`',
  },
  transaction_required: {
    cause: 'Usage of a customer came without the transaction or the account that paid',
    cure: 'Send both, or `context: system`',
  },
}
