/** Keys of every kind, and the organisations that they belong to. */
import type { CommandRow } from './command-row.ts'

const KEY = [
  'id',
  'name',
  'label',
  'externalId',
  'limit',
  'limitRemaining',
  'limitReset',
  'usage',
  'disabled',
  'lastUsedAt',
]
const ID = 'key_0VYp3kQm5d41402abc4b'
const KEY_ID = { args: ['id'], names: { id: 'key' } }
const SECRET = { at: 'secret', is: 'key', of: 'key.name' }
const MANAGEMENT_SECRET = { at: 'key', is: 'key', of: 'managementKey.name' }

export const keyCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'keys', verb: 'create', operation: 'createApiKey' },
    args: ['name'],
    secret: SECRET,
    examples: [
      'turnpike keys create dev',
      'turnpike keys create dev --limit 5 --limit-reset monthly',
      'turnpike keys create ann --account user_456',
      'turnpike keys create batch --allowed-models openai/gpt-4o-mini --allowed-models anthropic/* --user batch --metadata team=red --include-usage',
    ],
  },
  {
    ...{ noun: 'keys', verb: 'list', operation: 'listApiKeys' },
    opposites: ['disabled'],
    shows: 'keys',
    columns: KEY,
    examples: [
      'turnpike keys list',
      'turnpike keys list --name dev',
      'turnpike keys list --account user_456 --all --csv',
    ],
  },
  {
    ...{ noun: 'keys', verb: 'get', operation: 'getApiKey' },
    ...KEY_ID,
    shows: 'key',
    examples: [`turnpike keys get ${ID}`],
  },
  {
    ...{ noun: 'keys', verb: 'update', operation: 'updateApiKey' },
    ...KEY_ID,
    shows: 'key',
    examples: [
      `turnpike keys update ${ID} --limit 8 --limit-reset weekly`,
      `turnpike keys update ${ID} --clear limit --clear allowed-models`,
    ],
  },
  {
    ...{ noun: 'keys', verb: 'disable', operation: 'updateApiKey' },
    about: 'Refuse a key from now on, until it is enabled again',
    ...KEY_ID,
    fixed: { disabled: true },
    shows: 'key',
    examples: [`turnpike keys disable ${ID}`],
  },
  {
    ...{ noun: 'keys', verb: 'enable', operation: 'updateApiKey' },
    about: 'Let a disabled key work again',
    ...KEY_ID,
    fixed: { disabled: false },
    shows: 'key',
    examples: [`turnpike keys enable ${ID}`],
  },
  {
    ...{ noun: 'keys', verb: 'rotate', operation: 'rotateApiKey' },
    ...KEY_ID,
    secret: SECRET,
    examples: [`turnpike keys rotate ${ID}`, `turnpike keys rotate ${ID} --grace-seconds 3600`],
  },
  {
    ...{ noun: 'keys', verb: 'delete', operation: 'deleteApiKey' },
    ...KEY_ID,
    destroys: 'ends the key for good',
    examples: [`turnpike keys delete ${ID} --yes`],
  },
  {
    ...{ noun: 'keys', verb: 'current', operation: 'getCurrentKey' },
    shows: 'data',
    examples: ['turnpike keys current', 'turnpike keys current --key-file my.key'],
  },
  {
    ...{ noun: 'management-keys', verb: 'create', operation: 'createManagementKey' },
    args: ['name'],
    secret: MANAGEMENT_SECRET,
    examples: ['turnpike management-keys create backoffice --role admin'],
  },
  {
    ...{ noun: 'management-keys', verb: 'list', operation: 'listManagementKeys' },
    shows: 'managementKeys',
    columns: ['id', 'name', 'role', 'disabled', 'lastUsedAt', 'createdAt'],
    examples: ['turnpike management-keys list', 'turnpike management-keys list --organisation acme'],
  },
  {
    ...{ noun: 'management-keys', verb: 'get', operation: 'getManagementKey' },
    args: ['id'],
    shows: 'managementKey',
    examples: ['turnpike management-keys get mkey_0VYp3kQm5d41402abc4b'],
  },
  {
    ...{ noun: 'management-keys', verb: 'update', operation: 'updateManagementKey' },
    args: ['id'],
    without: ['role'],
    shows: 'managementKey',
    examples: ['turnpike management-keys update mkey_0VYp3kQm5d41402abc4b --name finance'],
  },
  {
    ...{ noun: 'management-keys', verb: 'disable', operation: 'updateManagementKey' },
    about: 'Refuse a management key from now on, until it is enabled again',
    args: ['id'],
    fixed: { disabled: true },
    shows: 'managementKey',
    examples: ['turnpike management-keys disable mkey_0VYp3kQm5d41402abc4b'],
  },
  {
    ...{ noun: 'management-keys', verb: 'rotate', operation: 'rotateManagementKey' },
    args: ['id'],
    secret: MANAGEMENT_SECRET,
    examples: ['turnpike management-keys rotate mkey_0VYp3kQm5d41402abc4b --grace-seconds 3600'],
  },
  {
    ...{ noun: 'management-keys', verb: 'delete', operation: 'deleteManagementKey' },
    args: ['id'],
    destroys: 'ends the management key for good',
    examples: ['turnpike management-keys delete mkey_0VYp3kQm5d41402abc4b --yes'],
  },
  {
    ...{ noun: 'organisations', verb: 'list', operation: 'listOrganisations' },
    shows: 'organisations',
    columns: ['id', 'timeZone', 'createdAt'],
    examples: ['turnpike organisations list'],
  },
  {
    ...{ noun: 'organisations', verb: 'get', operation: 'getOrganisation' },
    args: ['id'],
    shows: 'organisation',
    examples: ['turnpike organisations get acme'],
  },
  {
    ...{ noun: 'organisations', verb: 'update', operation: 'updateOrganisation' },
    args: ['id'],
    shows: 'organisation',
    examples: ['turnpike organisations update acme --time-zone Europe/Berlin'],
  },
  {
    ...{ noun: 'audit', verb: 'list', operation: 'listAudit' },
    shows: 'entries',
    columns: ['createdAt', 'actor', 'action', 'target', 'id'],
    examples: ['turnpike audit list --from 2026-11-20', 'turnpike audit list --action key --all --csv'],
  },
  {
    ...{ noun: 'organisations', verb: 'create', operation: 'createOrganisation' },
    args: ['name'],
    shows: 'organisation',
    examples: ['turnpike organisations create "Acme" --time-zone Europe/Berlin'],
  },
]
