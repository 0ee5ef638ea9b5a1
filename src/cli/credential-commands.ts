/** Customers' own credentials at providers. */
import type { CommandRow } from './command-row.ts'

const CREDENTIAL = ['id', 'provider', 'name', 'label', 'accountId', 'weight', 'priority', 'fallback', 'status']

export const credentialCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'credentials', verb: 'create', operation: 'createCredential' },
    args: ['provider', 'name'],
    shows: 'credential',
    examples: [
      'turnpike credentials create openai "Acme, Berlin" --secret @openai.key',
      'turnpike credentials create openai ann --account user_456 --secret - --fallback',
    ],
  },
  {
    ...{ noun: 'credentials', verb: 'list', operation: 'listCredentials' },
    shows: 'credentials',
    columns: CREDENTIAL,
    examples: ['turnpike credentials list', 'turnpike credentials list --provider openai --json'],
  },
  {
    ...{ noun: 'credentials', verb: 'get', operation: 'getCredential' },
    args: ['id'],
    shows: 'credential',
    examples: ['turnpike credentials get cred_0VHDBUuGlA5c7ZBcUhQr'],
  },
  {
    ...{ noun: 'credentials', verb: 'update', operation: 'updateCredential' },
    args: ['id'],
    shows: 'credential',
    examples: [
      'turnpike credentials update cred_0VHDBUuGlA5c7ZBcUhQr --secret @new.key',
      'turnpike credentials update cred_0VHDBUuGlA5c7ZBcUhQr --weight 3 --no-fallback',
    ],
  },
  {
    ...{ noun: 'credentials', verb: 'disable', operation: 'updateCredential' },
    about: 'Send no call with a credential, until it is enabled again',
    args: ['id'],
    fixed: { disabled: true },
    shows: 'credential',
    examples: ['turnpike credentials disable cred_0VHDBUuGlA5c7ZBcUhQr'],
  },
  {
    ...{ noun: 'credentials', verb: 'enable', operation: 'updateCredential' },
    about: 'Let calls use a disabled credential again',
    args: ['id'],
    fixed: { disabled: false },
    shows: 'credential',
    examples: ['turnpike credentials enable cred_0VHDBUuGlA5c7ZBcUhQr'],
  },
  {
    ...{ noun: 'credentials', verb: 'check', operation: 'checkCredential' },
    args: ['id'],
    shows: 'check',
    examples: ['turnpike credentials check cred_0VHDBUuGlA5c7ZBcUhQr'],
  },
  {
    ...{ noun: 'credentials', verb: 'delete', operation: 'deleteCredential' },
    args: ['id'],
    destroys: 'deletes the credential and its secret',
    examples: ['turnpike credentials delete cred_0VHDBUuGlA5c7ZBcUhQr --yes'],
  },
]
