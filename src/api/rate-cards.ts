/** What endpoints charge, from where that is known and when it holds; and prices that are set here, in place of those. */
import { refuse } from '../contract/errors.ts'
import type { Meter } from '../contract/meters.ts'
import type { RateCardRequest, RateCard as ShownCard } from '../contract/rate-cards.ts'
import type { Caller } from '../core/caller.ts'
import { cardAt, type DailyWindow, type RateCard } from '../core/rate-card.ts'
import { instantText } from '../lib/clock.ts'
import { keepAdminCard } from '../store/admin-cards.ts'
import type { ApiEndpoint, ApiParts, Handlers } from './parts.ts'

type Names = 'listRateCards' | 'createRateCard' | 'withdrawRateCard'

export const rateCardHandlers: Handlers<Names> = {
  async listRateCards({ routes, adminCards }, { query: { model }, at }) {
    if (model === undefined)
      return {
        body: { model: null, endpoints: [], rateCards: adminCards.list().map((card) => shown(card, undefined, at)) },
      }
    const route = routes.find(model)
    if (!route) throw refuse('unknown_model', undefined, { param: 'model', reason: { kind: 'unknown_model', model } })
    const endpoints = route.endpoints.map(({ id }) => id)
    const cards = route.endpoints.flatMap((endpoint) => cardsOf(endpoint, at))
    return { body: { model: route.model.id, endpoints, rateCards: cards } }
  },

  async createRateCard(parts, { caller, body, at, audit }) {
    assertMayPrice(parts, caller)
    const endpoint = endpointFor(parts, body.endpoint)
    if (endpoint.cards.some(({ source }) => source === 'config'))
      throw refuse('invalid_request', `endpoint: turnpike.yaml sets the prices of ${endpoint.id}; change them there`, {
        param: 'endpoint',
      })
    const validFrom = body.validFrom === undefined ? at : Date.parse(body.validFrom)
    if (validFrom < at)
      throw refuse('invalid_request', 'validFrom: is over; what was charged before stays as it is', {
        param: 'validFrom',
      })
    const card = { ...placeOf(endpoint), id: `admin/${parts.store.ids.next().code}`, lines: linesOf(body) }
    const made: RateCard = { ...card, source: 'admin', currency: 'USD', validFrom: instantText(validFrom) }
    const rateCard = shown({ ...made, knownFrom: instantText(at) }, made, at)
    const change = { action: 'rate_card.create', target: endpoint.id, before: currentOf(endpoint, at), after: rateCard }
    await keepAdminCard(parts.store, { ...card, validFrom: instantText(validFrom) }, at, [audit(change)])
    await parts.adminCards.refresh()
    parts.store.announce({ kind: 'cards' })
    return { body: { rateCard: shownNow(parts, card.id, at) ?? rateCard } }
  },

  async withdrawRateCard(parts, { caller, params, at, audit }) {
    assertMayPrice(parts, caller)
    const card = parts.adminCards.list().find(({ id, validTo }) => id === params.id && validTo === undefined)
    if (!card) throw refuse('not_found', `There is no rate card ${params.id} to withdraw`)
    const { provider, model } = card
    const change = { action: 'rate_card.withdraw', target: `${provider}/${model}`, before: shown(card, card, at) }
    const withdrawal = {
      id: `admin/${parts.store.ids.next().code}`,
      provider,
      model,
      lines: [],
      status: 'removed',
    } as const
    await keepAdminCard(parts.store, withdrawal, at, [audit({ ...change, after: null })])
    await parts.adminCards.refresh()
    parts.store.announce({ kind: 'cards' })
    return { body: { rateCard: shownNow(parts, card.id, at) ?? shown(card, undefined, at) } }
  },
}

function assertMayPrice(parts: ApiParts, caller: Caller): void {
  if (!parts.runsServer(caller))
    throw refuse('forbidden', 'Prices hold for every organisation of this server: its own admins alone set them')
}

function endpointFor({ routes }: ApiParts, id: string): ApiEndpoint {
  for (const { endpoints } of routes.list()) for (const endpoint of endpoints) if (endpoint.id === id) return endpoint
  throw refuse('not_found', `There is no endpoint ${id}; GET /api/admin/rate-cards?model=… names those of a model`)
}

/** An id holds the name upstream, which may hold slashes itself. */
function placeOf({ id, upstreamModel }: ApiEndpoint): Pick<RateCard, 'provider' | 'model'> {
  return { provider: id.slice(0, id.length - upstreamModel.length - 1), model: upstreamModel }
}

const USUAL_UNITS = 1_000_000

const linesOf = ({ lines }: RateCardRequest): RateCard['lines'] =>
  lines.map(({ meter, priceUsd, per = USUAL_UNITS, tier, serviceTier }) => ({
    ...{ meter: meter as Meter, price: priceUsd, per },
    ...(tier ? { tier: { op: tier.op, threshold: tier.threshold, ...(tier.scope ? { scope: tier.scope } : {}) } } : {}),
    ...(serviceTier === undefined ? {} : { serviceTier }),
  }))

function cardsOf(endpoint: ApiEndpoint, at: number): ShownCard[] {
  const current = cardAt(endpoint.cards, at)
  return endpoint.cards.map((card) => ({ ...shown(card, current, at), endpoint: endpoint.id }))
}

const currentOf = (endpoint: ApiEndpoint, at: number): ShownCard | null =>
  cardsOf(endpoint, at).find(({ status }) => status === 'current') ?? null

function shownNow({ routes }: ApiParts, id: string, at: number): ShownCard | undefined {
  for (const { endpoints } of routes.list())
    for (const endpoint of endpoints)
      if (endpoint.cards.some((card) => card.id === id)) return cardsOf(endpoint, at).find((card) => card.id === id)
  return undefined
}

/** `current`: the card that holds now for the endpoint, where that is known. */
function shown(card: RateCard, current: RateCard | undefined, at: number): ShownCard {
  const { id, source, provider, model, validFrom, validTo, knownFrom, windows = [], lines, multipliers = [] } = card
  return {
    ...{ id, source, endpoint: `${provider}/${model}`, status: statusOf(card, current, at) },
    ...{ validFrom: instant(validFrom), validTo: instant(validTo), knownFrom: instant(knownFrom) },
    hours: windows.map(hoursText),
    lines: lines.map(({ meter, price, per, tier, serviceTier }) => ({
      ...{ meter, priceUsd: price, per },
      ...(tier ? { tier } : {}),
      ...(serviceTier === undefined ? {} : { serviceTier }),
    })),
    multipliers: multipliers.map(({ when, factor }) => ({ when: { ...when }, factor })),
  }
}

const instant = (text: string | undefined): string | null => (text === undefined ? null : instantText(Date.parse(text)))

function statusOf(card: RateCard, current: RateCard | undefined, at: number): ShownCard['status'] {
  if (card.validTo !== undefined && Date.parse(card.validTo) <= at) return 'past'
  if (card.validFrom !== undefined && Date.parse(card.validFrom) > at) return 'coming'
  return current === undefined || current.id === card.id ? 'current' : 'outranked'
}

const hoursText = ({ zone = 'UTC', days, from, to }: DailyWindow): string =>
  `${from}–${to} ${zone}${days === undefined ? '' : `, days ${days.join(',')}`}`
