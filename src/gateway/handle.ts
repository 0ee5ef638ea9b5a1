/**
 * The life of a call, top to bottom: authenticate → read → admit → forward → meter → settle. Whatever ends it after
 * admission ends in `finish`, once: the first call settles, a second one gets the first one's answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { refuse } from '../contract/errors.ts'
import { allowancesOf } from '../core/budget-refusal.ts'
import { decimalOf } from '../core/cost-details.ts'
import { estimateFromBytes } from '../core/token-bound.ts'
import type { Dialect, ReplyContext, Settled } from '../dialects/dialect.ts'
import { newChunkState } from '../dialects/dialect.ts'
import { generationId, type Id } from '../lib/id.ts'
import { once } from '../lib/once.ts'
import { type Admission, admit } from './admit.ts'
import { noteEnd } from './attempt-outcome.ts'
import type { ReadCall } from './call.ts'
import { withDefaults } from './call-defaults.ts'
import { secretOf } from './caller-secret.ts'
import type { Candidate } from './candidates.ts'
import { clientResponse } from './client-response.ts'
import { AllFailed, forward, type Served } from './forward.ts'
import type { Gateway, OpenCall } from './gateway.ts'
import { meterStream } from './meter-stream.ts'
import { meterWhole } from './meter-whole.ts'
import { BODY_MS, readBody } from './read-body.ts'
import { ratesOf, refusedOf } from './refused-of.ts'
import { type Outcome, settle } from './settle.ts'

export type Finish = (outcome: Outcome) => Promise<Settled>
export type Incoming = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  readonly headers: Readonly<Record<string, string>> /** The form of streamed usage on this mount. */
  readonly usageChoices: 'empty' | 'repeat'
}

/** One path of model calls: how its bodies are read, and the wire that its replies speak. */
export type Entrance = {
  readonly read: ReadCall
  readonly dialect: Dialect
  /** Bodies beside JSON; default: none. */
  readonly takes?: 'forms'
}

export async function handle(gateway: Gateway, { read, dialect, takes }: Entrance, incoming: Incoming): Promise<void> {
  const { request, requestId, usageChoices } = incoming
  const id = gateway.store.ids.next()
  const call = {
    ids: { requestId, generationId: generationId(id.code) },
    client: clientOf(gateway, dialect, incoming, id),
  }
  let streamOver = () => {}
  let admission: Admission | undefined
  let charged: string | undefined = '0'
  const underWay: OpenCall = { organisationId: undefined }
  gateway.open.add(underWay)
  try {
    if (gateway.draining) throw refuse('service_unavailable', 'This server is stopping', { retryAfterMs: 1_000 })
    if (!gateway.settlements.hasRoom) throw refuse('service_unavailable', undefined, { retryAfterMs: 1_000 })
    const caller = await gateway.keys.authenticate(secretOf(request.headers), gateway.addressOf(request))
    underWay.organisationId = caller.organisationId
    const body = await readBody(request, {
      bytes: gateway.settings.limits.bodyBytes,
      ms: BODY_MS,
      clock: gateway.clock,
      forms: takes === 'forms',
    })
    const asked = withDefaults(await read(body, request.headers, request.url), caller.defaults)
    const admitted = await admit(gateway, caller, asked, { ...id, requestId })
    admission = admitted
    if (admitted.call.stream) streamOver = gateway.metrics.streamOpened()
    const finish = once(async (outcome: Outcome) => {
      noteEnd(gateway, admitted, outcome)
      const settled = await settle(gateway, admitted, outcome)
      gateway.metrics.ended({ dialect: dialect.name, admission: admitted, outcome, settled })
      return settled
    })
    if (admitted.fitted) call.client.also({ 'X-Turnpike-Output-Limit': String(admitted.outputLimit) })
    if (admitted.rates.length > 0)
      call.client.also(dialect.rateHeaders(allowancesOf(admitted.rates), admitted.admittedAt, false))
    if (admitted.call.stream && dialect.keepAlive)
      call.client.keepAlive(dialect.keepAlive.text, dialect.keepAlive.everyMs)
    try {
      const served = await forward(gateway, admitted, call.client)
      await reply(gateway, dialect, { ...call, usageChoices, admission: admitted, served, finish })
    } catch (failure) {
      const { charge } = (await finish(outcomeOf(failure))).priced
      charged = charge && decimalOf(charge)
      throw failure
    }
  } catch (failure) {
    fail(gateway, dialect, { ...call, usageChoices, admission, charged, request }, failure)
  } finally {
    streamOver()
    gateway.open.delete(underWay)
  }
}

type Client = ReturnType<typeof clientResponse>
type Ids = { readonly requestId: string; readonly generationId: string }
type Known = { readonly ids: Ids; readonly client: Client; readonly usageChoices: 'empty' | 'repeat' }
type Serving = Known & { readonly admission: Admission; readonly served: Served; readonly finish: Finish }

async function reply(gateway: Gateway, dialect: Dialect, serving: Serving): Promise<void> {
  const { client, admission, served, finish } = serving
  const context = contextOf(dialect, serving, admission, served.candidate)
  const { reply } = served
  if (reply.kind === 'stream')
    return meterStream({ gateway, dialect, admission, served: { ...served, reply }, context, client, finish })
  const { settled, failure } = await meterWhole(gateway, admission, { ...served, reply }, finish)
  const { charge } = settled.priced
  const cost: Record<string, string> = charge ? { 'X-Turnpike-Cost': decimalOf(charge) } : {}
  if (reply.kind === 'bytes') client.send(200, { ...cost, 'content-type': reply.contentType }, reply.bytes)
  else client.send(200, cost, dialect.reply(reply.body, context, settled, failure))
}

function clientOf(
  { clock, heartbeat }: Gateway,
  dialect: Dialect,
  { response, requestId, headers }: Incoming,
  id: Id,
): Client {
  const own = Object.fromEntries(dialect.generationHeaders.map((name) => [name, generationId(id.code)]))
  return clientResponse({ response, clock, heartbeat, headers: { ...headers, 'x-request-id': requestId, ...own } })
}

function contextOf(
  dialect: Dialect,
  { ids: { requestId, generationId }, usageChoices }: Known,
  { call, admittedAt, inputBound }: Admission,
  candidate: Candidate,
): ReplyContext {
  return {
    id: generationId,
    requestId,
    created: Math.floor(admittedAt / 1000),
    model: dialect.modelName({ canonical: candidate.endpoint.model.id, asSpelled: candidate.asSpelled }),
    provider: candidate.endpoint.provider.name,
    api: call.api,
    promptTokens: Math.min(estimateFromBytes(call.bytes), inputBound),
    asked: call.asked,
    includeUsage: call.includeUsage,
    usageChoices: call.usageChoices ?? usageChoices,
    ...(call.echo ? { echo: call.echo } : {}),
  }
}

/** Nothing was delivered: the call ends without usage, and is recorded with its attempts. */
function outcomeOf(failure: unknown): Outcome {
  return {
    status: failure instanceof AllFailed && failure.clientLeft ? 'cancelled' : 'error',
    served: undefined,
    attempts: failure instanceof AllFailed ? failure.attempts : [],
    usage: undefined,
    source: 'reported',
    finishReason: failure instanceof AllFailed && failure.clientLeft ? null : 'error',
    nativeFinishReason: null,
    upstreamId: null,
    serviceTier: null,
    firstTokenAt: null,
    sentAt: null,
  }
}

type Failing = Known & {
  readonly admission: Admission | undefined
  /** Undefined: nobody knows yet. */
  readonly charged: string | undefined
  readonly request: IncomingMessage
}

/** The one place where a failure becomes an answer. */
function fail({ log, store, metrics }: Gateway, dialect: Dialect, failing: Failing, failure: unknown): void {
  const { ids, client, request, admission, charged } = failing
  const refused = refusedOf(failure)
  if (!admission) metrics.refused(dialect.name, refused.refused.code)
  if (!refused.expected)
    log.error(
      {
        requestId: ids.requestId,
        error: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure),
      },
      'a call failed unexpectedly',
    )
  const candidate = admission?.candidates.at(-1)
  if (client.begun && admission && candidate) {
    const context = contextOf(dialect, failing, admission, candidate)
    client.end(dialect.failure(refused.refused, context, newChunkState(), undefined))
    return
  }
  const { status, headers: stated, body } = dialect.error(refused.refused, ids)
  const cost: Record<string, string> = charged === undefined ? {} : { 'X-Turnpike-Cost': charged }
  const headers = { ...stated, ...ratesOf(dialect, refused.refused, store.now()), ...cost }
  // What of a body was not read is thrown away, and the connection with it.
  client.send(status, request.complete ? headers : { ...headers, connection: 'close' }, body)
  request.resume()
}
