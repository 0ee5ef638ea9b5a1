/** Alerts: who is told of events, and what was delivered to them. One method for each operation. */
import { type BodyOf, call, list, type OperationName, type QueryOf, type ResultOf } from './calls.ts'
import type { PagePromise, RequestPromise } from './request-promise.ts'
import type { RequestOptions, Transport } from './transport.ts'
import type { AlertChannel, Delivery } from './types.ts'
import type { WebhookEvent } from './webhooks.ts'

type Options = RequestOptions | undefined
type Reply<N extends OperationName> = RequestPromise<ResultOf<N>>
type Pages<N extends OperationName, T> = PagePromise<ResultOf<N>, T>

/** The methods behind `client.alerts`. */
export type Alerts = ReturnType<typeof alerts>

/** What names a channel (`chan_…`) or a delivery (`del_…`) may be refused with `not_found`. */
export const alerts = (transport: Transport) => ({
  /** Makes a channel. The `secret` of a webhook is shown this once. Not tried again once it may have been made. */
  createChannel: (channel: BodyOf<'createAlertChannel'>, options?: Options): Reply<'createAlertChannel'> =>
    call(transport, 'createAlertChannel', { body: channel }, options),

  /** Channels, newest first. */
  listChannels: (query?: QueryOf<'listAlertChannels'>, options?: Options): Pages<'listAlertChannels', AlertChannel> =>
    list(transport, 'listAlertChannels', query, ({ channels }) => channels, options),

  /** One channel, without its secret. */
  getChannel: (id: string, options?: Options): Reply<'getAlertChannel'> =>
    call(transport, 'getAlertChannel', { params: { id } }, options),

  /** Changes a channel; `disabled: false` uses one again that was given up. */
  updateChannel: (id: string, changes: BodyOf<'updateAlertChannel'>, options?: Options): Reply<'updateAlertChannel'> =>
    call(transport, 'updateAlertChannel', { params: { id }, body: changes }, options),

  /** Deletes a channel: nothing more is delivered to it. */
  deleteChannel: (id: string, options?: Options): Reply<'deleteAlertChannel'> =>
    call(transport, 'deleteAlertChannel', { params: { id } }, options),

  /** Sends a sample event, which says `test: true`. */
  testChannel: (id: string, query?: QueryOf<'testAlertChannel'>, options?: Options): Reply<'testAlertChannel'> =>
    call(transport, 'testAlertChannel', { params: { id }, query }, options),

  /** A new secret for a webhook, shown this once; for 24 hours the old one signs too. */
  rotateSecret: (id: string, options?: Options): Reply<'rotateAlertChannelSecret'> =>
    call(transport, 'rotateAlertChannelSecret', { params: { id } }, options),

  /** From which balance on accounts without a threshold of their own are told as low; credits. */
  getDefaults: (options?: Options): Reply<'getAlertDefaults'> => call(transport, 'getAlertDefaults', {}, options),

  /** Errors: `invalid_amount`. */
  updateDefaults: (defaults: BodyOf<'updateAlertDefaults'>, options?: Options): Reply<'updateAlertDefaults'> =>
    call(transport, 'updateAlertDefaults', { body: defaults }, options),

  /** Deliveries with their tries, newest first. */
  listDeliveries: (query?: QueryOf<'listDeliveries'>, options?: Options): Pages<'listDeliveries', Delivery> =>
    list(transport, 'listDeliveries', query, ({ deliveries }) => deliveries, options),

  /** Delivers once more, under the same event id. */
  resendDelivery: (id: string, options?: Options): Reply<'resendDelivery'> =>
    call(transport, 'resendDelivery', { params: { id } }, options),

  /** What happened, newest first, whether or not anybody was told. */
  listEvents: (query?: QueryOf<'listEvents'>, options?: Options): Pages<'listEvents', WebhookEvent> =>
    list(transport, 'listEvents', query, ({ events }) => events, options),
})
