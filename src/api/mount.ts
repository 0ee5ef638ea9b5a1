/**
 * Turns the table of operations into routes: who calls, may they, is what they sent valid, what is the answer. Every
 * refusal becomes an error of the operation's dialect here, and nowhere else.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { refuse } from '../contract/errors.ts'
import type { Operation } from '../contract/operation.ts'
import { type OperationName, operations } from '../contract/operations.ts'
import type { Caller } from '../core/caller.ts'
import { auditQuery, auditRow, type Provided } from '../store/audit-log.ts'
import { accountHandlers } from './accounts.ts'
import { activityHandlers } from './activity.ts'
import { adminKeyHandlers } from './admin-keys.ts'
import { alertChannelHandlers } from './alert-channels.ts'
import { auditHandlers } from './audit.ts'
import { budgetHandlers } from './budgets.ts'
import { credentialHandlers } from './credentials.ts'
import { creditHandlers } from './credits.ts'
import { deliveryHandlers } from './deliveries.ts'
import { generationListHandlers } from './generation-list.ts'
import { generationHandlers } from './generations.ts'
import { grantHandlers } from './grants.ts'
import { idempotencyOf } from './idempotency.ts'
import { keyHandlers } from './keys.ts'
import { managementKeyHandlers } from './management-keys.ts'
import { memberHandlers } from './members.ts'
import { modelHandlers } from './models.ts'
import { organisationHandlers } from './organisations.ts'
import type { ApiParts, AuditedChange, Handlers } from './parts.ts'
import { planHandlers } from './plans.ts'
import { rateCardHandlers } from './rate-cards.ts'
import { replyWithError } from './reply-with-error.ts'
import { reportHandlers } from './reports.ts'
import { reservationHandlers } from './reservations.ts'
import {
  fileName,
  formatOfPath,
  ROW_ENDINGS,
  ROW_TYPES,
  type RowFormat,
  type Rows,
  rowFormat,
  rowText,
} from './rows.ts'
import { originOf } from './same-origin.ts'
import { mountSignIn } from './sign-in.ts'
import { transactionHandlers } from './transactions.ts'
import { usageHandlers } from './usage.ts'
import { validatorOf } from './validate.ts'

const handlers: Handlers = {
  ...generationHandlers,
  ...keyHandlers,
  ...adminKeyHandlers,
  ...creditHandlers,
  ...modelHandlers,
  ...rateCardHandlers,
  ...accountHandlers,
  ...grantHandlers,
  ...planHandlers,
  ...reservationHandlers,
  ...transactionHandlers,
  ...usageHandlers,
  ...reportHandlers,
  ...generationListHandlers,
  ...activityHandlers,
  ...organisationHandlers,
  ...credentialHandlers,
  ...managementKeyHandlers,
  ...memberHandlers,
  ...auditHandlers,
  ...budgetHandlers,
  ...alertChannelHandlers,
  ...deliveryHandlers,
}

/** Control requests are small; model calls have a limit of their own. */
const BODY_BYTES = 1_048_576
const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export function mountApi(fastify: FastifyInstance, parts: ApiParts): void {
  fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    )
    const offered = new Map<string, Operation[]>()
    for (const operation of operations as readonly Operation[])
      for (const path of pathsOf(operation)) offered.set(path, [...(offered.get(path) ?? []), operation])
    for (const [path, own] of offered) {
      for (const operation of own) mountOperation(scope, parts, path, operation)
      mountOtherMethods(scope, parts, path, own)
    }
    mountSignIn(scope, parts)
  })
}

const pathsOf = ({ path, aliases = [], rows }: Operation): string[] =>
  [path, ...aliases].flatMap((each) => [each, ...(rows ? Object.keys(ROW_ENDINGS).map((ending) => each + ending) : [])])

type AnyAnswer =
  | { readonly body: unknown; readonly status?: number; readonly replayed?: boolean }
  | { readonly rows: Rows }
type AnyHandler = (parts: ApiParts, call: never) => Promise<AnyAnswer>

function mountOperation(scope: FastifyInstance, parts: ApiParts, path: string, operation: Operation): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  const validate = validatorOf(operation)
  const handler: AnyHandler = handlers[operation.name as OperationName]
  const ending = operation.rows && formatOfPath(path)
  scope.route({
    method: operation.method,
    url: urlOf(path),
    errorHandler: (error, request, reply) => replyWithError(parts, operation, { error, request, reply }),
    // Before the body is read: whoever has no key is not worth reading.
    async onRequest(request, reply) {
      reply.header('x-request-id', parts.requestId(request))
      const caller = await authorised(parts, operation, request)
      // Another person may sit down at the same browser.
      if (caller.member) reply.header('cache-control', 'no-store')
      callers.set(request, caller)
    },
    async handler(request, reply) {
      const caller = callers.get(request)
      if (!caller) throw refuse('invalid_api_key')
      const at = parts.store.now()
      const requestId = parts.requestId(request)
      const by = { organisationId: caller.organisationId, actor: caller.actor, requestId, at }
      const asked = operation.rows ? rowFormat(request.query as object, request.headers) : undefined
      const format = ending ?? asked
      const call = {
        ...validate(request),
        caller,
        origin: originOf(request, parts.settings),
        requestId,
        at,
        audit: (change: AuditedChange, provided?: Provided) => auditQuery(parts.store, { ...by, ...change }, provided),
        auditRow: (change: AuditedChange) => auditRow(parts.store, { ...by, ...change }),
        rows: format !== undefined,
        idempotency: (content: unknown) => idempotencyOf(operation, request.headers, caller, content),
      }
      // The input was read by this operation's own schemas, which is what its handler takes.
      return send(reply, operation, await handler(parts, call as never), format)
    },
  })
}

/** A known path asks for the key first; then it says which methods it has. */
function mountOtherMethods(scope: FastifyInstance, parts: ApiParts, path: string, own: readonly Operation[]): void {
  const [operation] = own
  const allowed = own.map(({ method }) => method)
  const others = METHODS.filter((method) => !(allowed as readonly string[]).includes(method as string))
  if (!operation || others.length === 0) return
  scope.route({
    method: others,
    url: urlOf(path),
    errorHandler: (error, request, reply) => replyWithError(parts, operation, { error, request, reply }),
    async onRequest(request, reply) {
      reply.header('x-request-id', parts.requestId(request))
      await parts.authenticate(request)
      const offers = allowed.join(', ')
      throw refuse('method_not_allowed', `${path} does not offer ${request.method}; it offers ${offers}`, {
        headers: { Allow: offers },
      })
    },
    handler: () => undefined,
  })
}

/** Fastify writes `:name` for a segment and `*` for the rest. */
const urlOf = (path: string): string => path.replace(/\{(\w+)\*\}/g, '*').replace(/\{(\w+)\}/g, ':$1')

async function authorised(parts: ApiParts, { key, method }: Operation, request: FastifyRequest): Promise<Caller> {
  const caller = await parts.authenticate(request)
  if (key === 'any') return caller
  if (caller.kind === 'api_key') throw refuse('forbidden', 'An API key cannot do that; use a management key (mk-tp-…)')
  if (method !== 'GET' && caller.role !== 'admin')
    throw refuse('forbidden', 'A reader changes nothing; use a management key with the role admin')
  if (key === 'operator' && !parts.isOperator(caller)) throw refuse('forbidden', "Only the operator's key can do that")
  return caller
}

function send(reply: FastifyReply, { status = 200 }: Operation, answer: AnyAnswer, format: RowFormat | undefined) {
  if ('rows' in answer) return sendRows(reply, answer.rows, format ?? 'csv')
  if (answer.replayed) reply.header('Idempotent-Replay', 'true')
  return reply
    .code(answer.status ?? status)
    .header('content-type', 'application/json')
    .send(JSON.stringify(answer.body))
}

/** As fast as the client takes them; one that leaves ends the reading. */
function sendRows(reply: FastifyReply, rows: Rows, format: RowFormat) {
  return reply
    .header('content-type', ROW_TYPES[format])
    .header('content-disposition', `attachment; filename="${fileName(rows, format)}"`)
    .send(Readable.from(rowText(rows, format), { highWaterMark: 1 }))
}
