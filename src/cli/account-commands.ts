/** Accounts, their credits, and plans that grant them. */
import type { CommandRow } from './command-row.ts'

const ACCOUNT = ['id', 'externalId', 'name', 'balance', 'status', 'createdAt']
const GRANT = ['id', 'externalId', 'category', 'amount', 'remaining', 'status', 'expiresAt']
const PLAN = ['id', 'name', 'credits', 'interval', 'occurrences', 'isActive']

export const accountCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'accounts', verb: 'create', operation: 'createAccount' },
    args: ['name'],
    shows: 'account',
    examples: ['turnpike accounts create "Ann Example" --external-id user_456 --metadata tier=gold'],
  },
  {
    ...{ noun: 'accounts', verb: 'list', operation: 'listAccounts' },
    shows: 'accounts',
    columns: ACCOUNT,
    examples: ['turnpike accounts list', 'turnpike accounts list --all --csv --out accounts.csv'],
  },
  {
    ...{ noun: 'accounts', verb: 'get', operation: 'getAccount' },
    args: ['account'],
    needsAccount: true,
    examples: ['turnpike accounts get user_456', 'turnpike accounts get user_456 --json'],
  },
  {
    ...{ noun: 'accounts', verb: 'balance', operation: 'getBalance' },
    args: ['account'],
    needsAccount: true,
    examples: ['turnpike accounts balance user_456'],
  },
  {
    ...{ noun: 'accounts', verb: 'update', operation: 'updateAccount' },
    args: ['account'],
    examples: [
      'turnpike accounts update user_456 --name "Ann B. Example" --overdraft 2.50',
      'turnpike accounts update user_456 --clear email',
    ],
  },
  {
    ...{ noun: 'accounts', verb: 'freeze', operation: 'updateAccount' },
    about: 'Refuse what an account would pay for, until it is reopened',
    args: ['account'],
    fixed: { status: 'frozen' },
    examples: ['turnpike accounts freeze user_456'],
  },
  {
    ...{ noun: 'accounts', verb: 'reopen', operation: 'updateAccount' },
    about: 'Let a frozen account pay again',
    args: ['account'],
    fixed: { status: 'open' },
    examples: ['turnpike accounts reopen user_456'],
  },
  {
    ...{ noun: 'accounts', verb: 'close', operation: 'updateAccount' },
    about: 'Close an account: its keys are revoked, its history stays',
    args: ['account'],
    fixed: { status: 'closed' },
    destroys: 'revokes the keys of the account',
    examples: ['turnpike accounts close user_456', 'turnpike accounts close user_456 --yes'],
  },
  {
    ...{ noun: 'credits', verb: 'add', operation: 'addCredits' },
    args: ['amount'],
    needsAccount: true,
    examples: [
      'turnpike credits add 25 --account user_456 --description "invoice 1042" --payment-id pi_3OqX',
      'turnpike credits add 5 --account user_456 --category promotional --expires-at 2027-01-01T00:00:00Z',
    ],
  },
  {
    ...{ noun: 'credits', verb: 'deduct', operation: 'deductCredits' },
    args: ['amount'],
    needsAccount: true,
    examples: ['turnpike credits deduct 2.50 --account user_456 --description "paper invoice"'],
  },
  {
    ...{ noun: 'credits', verb: 'grants', operation: 'listGrants' },
    also: ['grants list'],
    shows: 'grants',
    columns: GRANT,
    examples: ['turnpike credits grants --account user_456'],
  },
  {
    ...{ noun: 'credits', verb: 'void', operation: 'voidGrant' },
    also: ['grants void'],
    args: ['id'],
    names: { id: 'grant' },
    destroys: 'takes back what is left of the grant',
    examples: ['turnpike credits void grant_5tG7hJ9kL2mN4bV6cX8z --yes'],
  },
  {
    ...{ noun: 'credits', verb: 'refund', operation: 'refundTransaction' },
    also: ['transactions refund'],
    args: ['id'],
    names: { id: 'transaction' },
    shows: 'transaction',
    examples: [
      'turnpike credits refund txn_2bN4mQ6wE8rT0yU1iO3p --reason "answer was cut off"',
      'turnpike credits refund txn_2bN4mQ6wE8rT0yU1iO3p --amount 0.75 --reason goodwill',
    ],
  },
  {
    ...{ noun: 'credits', verb: 'totals', operation: 'getCredits' },
    shows: 'data',
    examples: ['turnpike credits totals'],
  },
  {
    ...{ noun: 'plans', verb: 'create', operation: 'createPlan' },
    args: ['name'],
    shows: 'plan',
    examples: ['turnpike plans create "Pro" --amount 50 --interval month --occurrences 12'],
  },
  {
    ...{ noun: 'plans', verb: 'list', operation: 'listPlans' },
    shows: 'plans',
    columns: PLAN,
    examples: ['turnpike plans list'],
  },
  {
    ...{ noun: 'plans', verb: 'archive', operation: 'archivePlan' },
    args: ['id'],
    names: { id: 'plan' },
    shows: 'plan',
    examples: ['turnpike plans archive plan_1qA3sD5fG7hJ9kL2mN4b'],
  },
  {
    ...{ noun: 'plans', verb: 'assign', operation: 'assignPlan' },
    args: ['planId'],
    needsAccount: true,
    examples: ['turnpike plans assign plan_1qA3sD5fG7hJ9kL2mN4b --account user_456 --start-mode next_interval'],
  },
]
