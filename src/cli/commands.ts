/**
 * Every command of the API: a file a group of nouns, a row a command. Options, checks, help and the reference are made
 * from the row and from the schemas of its operation. Nothing heavy is loaded here, so that help is there at once.
 */
import type { OperationName } from '../contract/operations.ts'
import { accountCommands } from './account-commands.ts'
import { alertCommands } from './alert-commands.ts'
import { budgetCommands } from './budget-commands.ts'
import type { CommandRow } from './command-row.ts'
import { credentialCommands } from './credential-commands.ts'
import { keyCommands } from './key-commands.ts'
import { memberCommands } from './member-commands.ts'
import { reservationCommands } from './reservation-commands.ts'
import { usageCommands } from './usage-commands.ts'

export const commands: readonly CommandRow[] = [
  ...accountCommands,
  ...reservationCommands,
  ...usageCommands,
  ...keyCommands,
  ...memberCommands,
  ...budgetCommands,
  ...credentialCommands,
  ...alertCommands,
]

/** In the order of the help. */
export const nouns: Readonly<Record<string, string>> = {
  accounts: 'customers of the organisation and their balances',
  credits: 'grant, take and give back credits',
  plans: 'credits that are granted on a schedule',
  reservations: 'credits set aside before the work',
  transactions: 'what moved credits',
  usage: 'what was used, and what it cost',
  generations: 'finished model calls',
  models: 'models and their prices',
  prices: 'what endpoints charge, and since when',
  providers: 'who is behind the models',
  endpoints: 'where models are served, and how that goes',
  keys: 'API keys and their limits',
  budgets: 'how much of something a scope may use in a window',
  credentials: "customers' own keys at providers",
  'management-keys': 'keys that administer the organisation',
  members: 'people who sign in to the dashboard',
  organisations: 'organisations of this server',
  channels: 'who is told of events, and from when on credit is low',
  deliveries: 'what was delivered to channels',
  events: 'what happened, told or not',
  audit: 'who changed what',
}

/** Operations that have no command, and why. */
export const WITHOUT_COMMAND: Partial<Record<OperationName, string>> = {
  listAllModels: 'shows what `models list` shows, in the words of other clients',
  getOneModel: 'shows what `models get` shows, in the words of other clients',
  listKeys: 'administers the keys of `keys …` in the words of other clients',
  createKey: 'administers the keys of `keys …` in the words of other clients',
  getKey: 'administers the keys of `keys …` in the words of other clients',
  updateKey: 'administers the keys of `keys …` in the words of other clients',
  deleteKey: 'administers the keys of `keys …` in the words of other clients',
  rotateKey: 'administers the keys of `keys …` in the words of other clients',
}

/** The row that a command line begins with, by any of its names. */
export const commandNamed = (noun: string | undefined, verb: string | undefined): CommandRow | undefined =>
  commands.find((row) => namesOf(row).includes(`${noun} ${verb}`))

const namesOf = ({ noun, verb, also = [] }: CommandRow): string[] => [`${noun} ${verb}`, ...also]
