/** Alert channels: made, changed, tried, given another secret. What is secret about one is shown once and kept sealed. */

import type { AlertChannel } from '../contract/alerts.ts'
import { refuse } from '../contract/errors.ts'
import { eventSamples } from '../contract/event-samples.ts'
import type { Caller } from '../core/caller.ts'
import { eventBody } from '../core/event-body.ts'
import { eventOf } from '../core/ledger-events.ts'
import { instantText } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import {
  type ChannelTarget,
  countChannels,
  deleteChannel,
  findChannel,
  listChannels,
  type StoredChannel,
  saveChannel,
  sealSecret,
} from '../store/alert-channels.ts'
import { findBudget } from '../store/budgets.ts'
import { findDelivery } from '../store/deliveries.ts'
import { sendTest } from '../store/outbox.ts'
import { deliveryOf } from './deliveries.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Handlers } from './parts.ts'

/** More than anybody needs, few enough that an event is shared out at once. */
const MOST_CHANNELS = 100
/** The secret before a rotation signs too, so that receivers need not change at the same instant. */
const OVERLAP_MS = 24 * 3_600_000

export const alertChannelHandlers: Handlers<
  | 'createAlertChannel'
  | 'listAlertChannels'
  | 'getAlertChannel'
  | 'updateAlertChannel'
  | 'deleteAlertChannel'
  | 'testAlertChannel'
  | 'rotateAlertChannelSecret'
> = {
  async createAlertChannel(parts, { caller, body, at, audit }) {
    if ((await countChannels(parts.store, caller.organisationId)) >= MOST_CHANNELS)
      throw refuse('invalid_request', `There are ${MOST_CHANNELS} alert channels, which is the most; delete one first`)
    const id = parts.store.ids.next()
    const owner = { ...id, organisationId: caller.organisationId }
    const { target, secret } = await targetFor(parts, body.type, body, owner)
    const shownSecret = body.type === 'webhook' ? newWebhookSecret(parts.random) : undefined
    const channel: StoredChannel = {
      ...owner,
      type: body.type,
      name: body.name ?? null,
      target,
      events: body.events ?? null,
      budgetCode: await budgetFor(parts, caller, body.budgetId),
      secret: shownSecret === undefined ? secret : sealSecret(parts.sealer, owner, shownSecret),
      oldSecret: null,
      oldSecretUntil: null,
      disabled: body.disabled ?? false,
      disabledReason: null,
      createdAt: at,
      updatedAt: at,
    }
    await saveChannel(parts.store, channel, audit(changeOf('create', undefined, channel)))
    return { body: { channel: channelOf(channel), ...(shownSecret === undefined ? {} : { secret: shownSecret }) } }
  },

  async listAlertChannels({ store }, { caller, query }) {
    const page = pageOf('alert-channels', query)
    const { channels, total } = await listChannels(store, caller.organisationId, page)
    const { shown, pagination } = paged('alert-channels', page, channels, total)
    return { body: { channels: shown.map(channelOf), pagination } }
  },

  async getAlertChannel(parts, { caller, params }) {
    return { body: { channel: channelOf(await channelFor(parts, caller, params.id)) } }
  },

  async updateAlertChannel(parts, { caller, params, body, at, audit }) {
    const before = await channelFor(parts, caller, params.id)
    const changesTarget = body.to !== undefined || body.url !== undefined
    const target = changesTarget ? await targetFor(parts, before.type, body, before) : undefined
    const channel: StoredChannel = {
      ...before,
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.events === undefined ? {} : { events: body.events }),
      ...(body.budgetId === undefined ? {} : { budgetCode: await budgetFor(parts, caller, body.budgetId) }),
      ...(target === undefined ? {} : { target: target.target, secret: target.secret ?? before.secret }),
      ...(body.disabled === undefined ? {} : { disabled: body.disabled, disabledReason: null }),
      updatedAt: at,
    }
    await saveChannel(parts.store, channel, audit(changeOf('update', before, channel)))
    return { body: { channel: channelOf(channel) } }
  },

  async deleteAlertChannel(parts, { caller, params, at, audit }) {
    const channel = await channelFor(parts, caller, params.id)
    await deleteChannel(parts.store, channel, at, audit(changeOf('delete', channel, undefined)))
    return { body: { deleted: true } }
  },

  async testAlertChannel(parts, { caller, params, query, at, audit }) {
    const { store, settings } = parts
    const channel = await channelFor(parts, caller, params.id)
    if (channel.disabled) throw refuse('invalid_request', 'The channel is disabled; enable it first')
    const type = query.event ?? 'budget.threshold_reached'
    const { organisationId } = caller
    const event = eventOf(type, { ...eventSamples[type], test: true }, { organisationId, at, ids: store.ids })
    const body = eventBody(event, { organisation: caller.organisation, publicUrl: settings.publicUrl, context: {} })
    const change = {
      action: 'alert_channel.test',
      target: `chan_${channel.code}`,
      before: null,
      after: { event: type },
    }
    const code = await sendTest(store, event, { channel, body, nextAt: at }, audit(change))
    const delivery = await findDelivery(store, organisationId, code)
    if (!delivery) throw refuse('not_found')
    return { body: { delivery: deliveryOf(delivery) } }
  },

  async rotateAlertChannelSecret(parts, { caller, params, at, audit }) {
    const before = await channelFor(parts, caller, params.id)
    if (before.type !== 'webhook') throw refuse('invalid_request', 'Only a webhook has a secret of its own')
    const secret = newWebhookSecret(parts.random)
    const channel: StoredChannel = {
      ...before,
      secret: sealSecret(parts.sealer, before, secret),
      oldSecret: before.secret,
      oldSecretUntil: at + OVERLAP_MS,
      updatedAt: at,
    }
    await saveChannel(parts.store, channel, audit(changeOf('rotate_secret', before, channel)))
    return { body: { channel: channelOf(channel), secret } }
  },
}

async function channelFor({ store }: ApiParts, { organisationId }: Caller, id: string): Promise<StoredChannel> {
  const channel = await findChannel(store, organisationId, /^chan_(.+)$/.exec(id)?.[1] ?? '')
  if (!channel) throw refuse('not_found', 'No alert channel has this id')
  return channel
}

type Asked = { readonly to?: readonly string[] | undefined; readonly url?: string | undefined }

/** Refuses what could never be delivered, while somebody is there to read why. */
async function targetFor(
  { settings, addresses, sealer }: ApiParts,
  type: StoredChannel['type'],
  { to, url }: Asked,
  owner: Pick<StoredChannel, 'organisationId' | 'code'>,
): Promise<{ target: ChannelTarget; secret: string | null }> {
  if (type === 'email') {
    if (url !== undefined || to === undefined)
      throw refuse('invalid_request', 'to: an e-mail channel takes `to`, a list of addresses, and no `url`', {
        param: 'to',
      })
    if (!settings.smtp)
      throw refuse(
        'invalid_request',
        'type: this server sends no mail; the operator has to set smtp.url and smtp.from',
        {
          param: 'type',
        },
      )
    return { target: { to }, secret: null }
  }
  if (to !== undefined || url === undefined)
    throw refuse('invalid_request', `url: a ${type} channel takes \`url\`, and no \`to\``, { param: 'url' })
  const vetted = await addresses.vet(url)
  if ('refused' in vetted) throw refuse('invalid_request', `url: ${vetted.refused}`, { param: 'url' })
  if (type === 'webhook') return { target: { url }, secret: null }
  // Whoever knows the path of a Slack hook can write there.
  return { target: { url: `${vetted.url.origin}/…` }, secret: sealSecret(sealer, owner, url) }
}

/** As Standard Webhooks writes them: 32 random bytes. */
const newWebhookSecret = (random: Random): string => `whsec_${Buffer.from(random.bytes(32)).toString('base64')}`

/** Only a budget of the organisation's own can be listened to. */
async function budgetFor(
  { store }: ApiParts,
  { organisationId }: Caller,
  id: string | null | undefined,
): Promise<string | null> {
  if (id == null) return null
  const code = /^bud_(.+)$/.exec(id)?.[1] ?? ''
  if (!(await findBudget(store, organisationId, code)))
    throw refuse('budget_not_found', undefined, { param: 'budgetId' })
  return code
}

const channelOf = (channel: StoredChannel): AlertChannel => ({
  id: `chan_${channel.code}`,
  type: channel.type,
  name: channel.name,
  ...('to' in channel.target ? { to: [...channel.target.to] } : { url: channel.target.url }),
  events: channel.events === null ? null : [...channel.events],
  budgetId: channel.budgetCode === null ? null : `bud_${channel.budgetCode}`,
  disabled: channel.disabled,
  disabledReason: channel.disabledReason,
  createdAt: instantText(channel.createdAt),
  updatedAt: instantText(channel.updatedAt),
})

function changeOf(verb: string, before: StoredChannel | undefined, after: StoredChannel | undefined) {
  const target = `chan_${(after ?? before)?.code ?? ''}`
  return { action: `alert_channel.${verb}`, target, before: auditedOf(before), after: auditedOf(after) }
}

/** Of a webhook's address the query may hold a token. */
function auditedOf(channel: StoredChannel | undefined): Record<string, unknown> | null {
  if (!channel) return null
  const { url, ...shown } = channelOf(channel)
  return { ...shown, ...(url === undefined ? {} : { url: url.replace(/[?#].*$/, '') }) }
}
