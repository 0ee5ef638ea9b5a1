/** Who is told of events, and what was delivered. */
import type { CommandRow } from './command-row.ts'

const CHANNEL = ['id', 'type', 'name', 'url', 'to', 'events', 'disabled']
/** `--url` is where Turnpike is. */
const ADDRESS = { url: 'endpoint' }
/** Of a webhook; other channels have none. */
const SECRET = { at: 'secret', is: 'signing secret', of: 'channel.id' }
const ID = 'chan_0VCi7Jj6N5RDeKlMUkz9'

export const alertCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'channels', verb: 'create', operation: 'createAlertChannel' },
    args: ['type'],
    names: ADDRESS,
    shows: 'channel',
    secret: SECRET,
    examples: [
      'turnpike channels create webhook --endpoint https://example.com/turnpike --events credits.low',
      'turnpike channels create email --to ops@example.com --to ann@example.com',
    ],
  },
  {
    ...{ noun: 'channels', verb: 'list', operation: 'listAlertChannels' },
    shows: 'channels',
    columns: CHANNEL,
    examples: ['turnpike channels list'],
  },
  {
    ...{ noun: 'channels', verb: 'get', operation: 'getAlertChannel' },
    args: ['id'],
    shows: 'channel',
    examples: [`turnpike channels get ${ID}`],
  },
  {
    ...{ noun: 'channels', verb: 'update', operation: 'updateAlertChannel' },
    args: ['id'],
    names: ADDRESS,
    shows: 'channel',
    examples: [`turnpike channels update ${ID} --name operations`],
  },
  {
    ...{ noun: 'channels', verb: 'enable', operation: 'updateAlertChannel' },
    about: 'Use a channel again that was disabled or given up',
    args: ['id'],
    fixed: { disabled: false },
    shows: 'channel',
    examples: [`turnpike channels enable ${ID}`],
  },
  {
    ...{ noun: 'channels', verb: 'delete', operation: 'deleteAlertChannel' },
    args: ['id'],
    destroys: 'ends the channel and what is still to be delivered to it',
    examples: [`turnpike channels delete ${ID} --yes`],
  },
  {
    ...{ noun: 'channels', verb: 'test', operation: 'testAlertChannel' },
    args: ['id'],
    shows: 'delivery',
    examples: [`turnpike channels test ${ID}`],
  },
  {
    ...{ noun: 'channels', verb: 'rotate-secret', operation: 'rotateAlertChannelSecret' },
    args: ['id'],
    secret: SECRET,
    examples: [`turnpike channels rotate-secret ${ID}`],
  },
  {
    ...{ noun: 'channels', verb: 'defaults', operation: 'getAlertDefaults' },
    examples: ['turnpike channels defaults'],
  },
  {
    ...{ noun: 'channels', verb: 'set-defaults', operation: 'updateAlertDefaults' },
    examples: ['turnpike channels set-defaults --low-credit-threshold 5'],
  },
  {
    ...{ noun: 'deliveries', verb: 'list', operation: 'listDeliveries' },
    shows: 'deliveries',
    columns: ['id', 'type', 'channelId', 'eventId', 'state', 'nextAttemptAt', 'createdAt'],
    examples: ['turnpike deliveries list', 'turnpike deliveries list --state failed'],
  },
  {
    ...{ noun: 'deliveries', verb: 'resend', operation: 'resendDelivery' },
    args: ['id'],
    shows: 'delivery',
    examples: ['turnpike deliveries resend del_0VCi7Jj6N5RDeKlMUkz9'],
  },
  {
    ...{ noun: 'events', verb: 'list', operation: 'listEvents' },
    shows: 'events',
    columns: ['timestamp', 'type', ['data.eventId', 'eventId']],
    examples: ['turnpike events list', 'turnpike events list --type credits.low'],
  },
]
