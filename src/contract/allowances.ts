/** What is left of a key's requests and tokens per time. */
export type Allowance = {
  readonly limit: number
  readonly remaining: number
  /** When all of it is there again, milliseconds since the epoch. */
  readonly resetAt: number
}
/** A kind that has no limit is left out. */
export type Allowances = { readonly requests?: Allowance; readonly tokens?: Allowance }
