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
    ...{ noun: 'organisations', verb: 'create', operation: 'createOrganisation' },
    args: ['name'],
    shows: 'organisation',
    examples: ['turnpike organisations create "Acme" --time-zone Europe/Berlin'],
  },
]
