/** One command of the API, as a row of the table: `turnpike NOUN VERB`, the operation behind it, and how its reply is shown. */
import type { OperationName } from '../contract/operations.ts'

export type CommandRow = {
  readonly noun: string
  readonly verb: string
  readonly operation: OperationName
  /** Other names of the same command. */
  readonly also?: readonly string[]
  /** One sentence; default: that of the operation. */
  readonly about?: string
  /**
   * Fields that are typed by their place. `account` takes an id or your own name for the account; `author/slug` fills
   * two fields from one word.
   */
  readonly args?: readonly string[]
  /** Fields that this verb decides itself: it is all that it says, so no other field of the body gets an option. */
  readonly fixed?: Readonly<Record<string, unknown>>
  /** Flags of a query whose `false` filters too. */
  readonly opposites?: readonly string[]
  /** Fields that get no option. */
  readonly without?: readonly string[]
  /** What a field is called on the command line; default: its own name in kebab-case, and {@link SHORT_NAMES}. */
  readonly names?: Readonly<Record<string, string>>
  /** The operation cannot do without an account, although its schema takes either name of it. */
  readonly needsAccount?: true
  /** Where in the reply that lies which is shown, as a path with dots; default: the whole of it. */
  readonly shows?: string
  /** Columns of the table; with them the reply is a list. */
  readonly columns?: readonly Column[]
  /** The member of the reply that is a secret: shown by itself, this once. A reply without it is shown as any other. */
  readonly secret?: Secret
  /** What cannot be undone, as the end of "This …". Asks for the first argument once more, or for --yes. */
  readonly destroys?: string
  readonly examples: readonly string[]
}

/** Where in the reply it lies, what people call it, and where the name lies of what it is for. */
type Secret = { readonly at: string; readonly is: string; readonly of?: string }

/** A path in the row, and its heading where that is not the path itself. */
export type Column = string | readonly [path: string, heading: string]

export const pathOf = (column: Column): string => (typeof column === 'string' ? column : column[0])

/** Ids that people type are called by the thing that they name. */
export const SHORT_NAMES: Readonly<Record<string, string>> = {
  accountId: 'account',
  modelId: 'model',
  planId: 'plan',
  transactionId: 'transaction',
  organisationId: 'organisation',
}
