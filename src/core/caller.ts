/** Who calls: what a key lets its holder do, as the gateway and the control plane both see it. */
import type { Budget } from './budget-rows.ts'

export type Caller = {
  readonly kind: 'api_key' | 'management_key'
  readonly organisationId: bigint
  /** Its name, which is its id outside. */
  readonly organisation: string
  /** Whose idempotency keys, generations and reads these are: the account, else the key, else the management role. */
  readonly principal: string
  /** Who it is in the audit log: never a secret. */
  readonly actor: string
  readonly role: 'caller' | 'admin' | 'reader'
  readonly keyId: bigint | null
  /** Of the key's current secret, also where the call came with the one before. */
  readonly keyHash: string
  readonly label: string
  readonly accountId: bigint | null
  readonly externalId: string | null
  /** How much is reserved of its account; null: as the organisation has it. */
  readonly reserveMode: string | null
  /** The limit of this key itself. */
  readonly budgets: readonly Budget[]
  /** That limit counts calls on the customer's own credential at the price of ours. */
  readonly includeByokInLimit: boolean
  /** Models it may call, as {@link allowsModel} reads them; null: all. */
  readonly allowedModels: readonly string[] | null
  readonly defaults: CallDefaults
  /** The person behind a session; absent for keys. */
  readonly member?: CallingMember
}

type CallingMember = { readonly code: string; readonly email: string; readonly name: string }

/** What its calls say where they say nothing themselves. */
export type CallDefaults = {
  /** Replies as if `usage.include` had been sent. */
  readonly includeUsage: boolean
  readonly user: string | null
  /** JSON object of tags; a call's own come before them. */
  readonly metadata: string | null
}

export const NO_DEFAULTS: CallDefaults = { includeUsage: false, user: null, metadata: null }

/** `author/*` stands for every model of that author, anything else for the model of that canonical name. */
export function allowsModel(allowed: readonly string[] | null, id: string): boolean {
  if (allowed === null) return true
  const author = id.slice(0, id.indexOf('/') + 1)
  return allowed.some((each) => each === id || (author !== '' && each === `${author}*`))
}
