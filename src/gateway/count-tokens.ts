/** How many tokens a message would be: counted here, for nothing, and kept nowhere. Of all limits the rate of requests binds it. */

import { refuse } from '../contract/errors.ts'
import type { ErrorDialect } from '../dialects/dialect.ts'
import { withDefaults } from './call-defaults.ts'
import { secretOf } from './caller-secret.ts'
import { clientResponse } from './client-response.ts'
import { countPrompt } from './estimate.ts'
import type { Gateway } from './gateway.ts'
import type { Incoming } from './handle.ts'
import { BODY_MS, readBody } from './read-body.ts'
import { readPrompt } from './read-messages.ts'
import { ratesOf, refusedOf } from './refused-of.ts'
import { withinRequestRate } from './request-rate.ts'

export async function countTokens(gateway: Gateway, dialect: ErrorDialect, incoming: Incoming): Promise<void> {
  const { request, response, requestId, headers } = incoming
  const { clock, heartbeat, log, settings, store } = gateway
  const client = clientResponse({ response, clock, heartbeat, headers: { ...headers, 'x-request-id': requestId } })
  try {
    if (gateway.draining) throw refuse('service_unavailable', 'This server is stopping', { retryAfterMs: 1_000 })
    const caller = await gateway.keys.authenticate(secretOf(request.headers), gateway.addressOf(request))
    const body = await readBody(request, { bytes: settings.limits.bodyBytes, ms: BODY_MS, clock })
    const call = withDefaults(readPrompt(body, request.headers), caller.defaults)
    const [name = ''] = call.models
    const route = gateway.routes.find(name)
    if (!route)
      throw refuse('model_not_found', undefined, { param: 'model', reason: { kind: 'unknown_model', model: name } })
    const left = await withinRequestRate(gateway, caller, call, route.model.id)
    const { tokens } = await countPrompt(gateway.tokens, call)
    client.send(200, dialect.rateHeaders(left, store.now(), false), JSON.stringify({ input_tokens: tokens }))
  } catch (failure) {
    const { refused, expected } = refusedOf(failure)
    if (!expected) log.error({ requestId, error: String(failure) }, 'a count failed unexpectedly')
    const { status, headers, body } = dialect.error(refused, { requestId })
    const stated = { ...headers, ...ratesOf(dialect, refused, store.now()) }
    client.send(status, request.complete ? stated : { ...stated, connection: 'close' }, body)
    request.resume()
  }
}
