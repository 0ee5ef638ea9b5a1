/** Keys of every kind, and the organisations that they belong to. */
import type { CommandRow } from './command-row.ts'

const KEY = ['hash', 'name', 'label', 'external_user', 'limit', 'limit_remaining', 'limit_reset', 'usage', 'disabled']

export const keyCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'keys', verb: 'create', operation: 'createKey' },
    args: ['name'],
    names: { external_user: 'account' },
    secret: 'key',
    examples: [
      'turnpike keys create dev',
      'turnpike keys create dev --limit 5 --limit-reset monthly',
      'turnpike keys create ann --account user_456',
    ],
  },
  {
    ...{ noun: 'keys', verb: 'list', operation: 'listKeys' },
    shows: 'data',
    columns: KEY,
    examples: ['turnpike keys list', 'turnpike keys list --include-disabled --all --csv'],
  },
  {
    ...{ noun: 'keys', verb: 'get', operation: 'getKey' },
    args: ['hash'],
    shows: 'data',
    examples: ['turnpike keys get 5d41402abc4b2a76b9719d911017c592…'],
  },
  {
    ...{ noun: 'keys', verb: 'update', operation: 'updateKey' },
    args: ['hash'],
    without: ['external_user'],
    shows: 'data',
    examples: [
      'turnpike keys update 5d41402abc4b2a76b9719d911017c592… --limit 8 --limit-reset weekly',
      'turnpike keys update 5d41402abc4b2a76b9719d911017c592… --clear limit',
    ],
  },
  {
    ...{ noun: 'keys', verb: 'disable', operation: 'updateKey' },
    about: 'Refuse a key from now on, until it is enabled again',
    args: ['hash'],
    fixed: { disabled: true },
    shows: 'data',
    examples: ['turnpike keys disable 5d41402abc4b2a76b9719d911017c592…'],
  },
  {
    ...{ noun: 'keys', verb: 'enable', operation: 'updateKey' },
    about: 'Let a disabled key work again',
    args: ['hash'],
    fixed: { disabled: false },
    shows: 'data',
    examples: ['turnpike keys enable 5d41402abc4b2a76b9719d911017c592…'],
  },
  {
    ...{ noun: 'keys', verb: 'rotate', operation: 'rotateKey' },
    args: ['hash'],
    secret: 'key',
    examples: [
      'turnpike keys rotate key_0VYp3kQm5d41402abc4b',
      'turnpike keys rotate key_0VYp3kQm5d41402abc4b --grace-seconds 3600',
    ],
  },
  {
    ...{ noun: 'keys', verb: 'delete', operation: 'deleteKey' },
    args: ['hash'],
    destroys: 'ends the key for good',
    examples: ['turnpike keys delete 5d41402abc4b2a76b9719d911017c592… --yes'],
  },
  {
    ...{ noun: 'keys', verb: 'current', operation: 'getCurrentKey' },
    shows: 'data',
    examples: ['turnpike keys current', 'turnpike keys current --key-file my.key'],
  },
  {
    ...{ noun: 'management-keys', verb: 'create', operation: 'createManagementKey' },
    args: ['name'],
    secret: 'key',
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
    secret: 'key',
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
    without: ['format'],
    shows: 'entries',
    columns: ['createdAt', 'actor', 'action', 'target', 'id'],
    examples: ['turnpike audit list --from 2026-11-20', 'turnpike audit list --action key --all --csv'],
  },
  {
    ...{ noun: 'system', verb: 'show', operation: 'getSystem' },
    shows: 'system',
    examples: ['turnpike system show', 'turnpike system show --json'],
  },
  {
    ...{ noun: 'organisations', verb: 'create', operation: 'createOrganisation' },
    args: ['name'],
    shows: 'organisation',
    examples: ['turnpike organisations create "Acme" --time-zone Europe/Berlin'],
  },
]
