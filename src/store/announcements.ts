/** What processes on one database keep in memory, and tell each other when they change it. */
export type Change =
  | { readonly kind: 'key'; readonly hash: string }
  /** What may be told of any key: how its organisation is called. */
  | { readonly kind: 'keys' }
  /** Rate cards that were set through the API. */
  | { readonly kind: 'cards' }
  | { readonly kind: 'budgets'; readonly organisationId: bigint }
  | { readonly kind: 'credentials'; readonly organisationId: bigint }
  /** Nobody knows what was missed. */
  | { readonly kind: 'everything' }

export const changeText = (change: Change): string =>
  JSON.stringify(change, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))

/** A word of a newer version's may mean anything. */
export function readChange(text: string): Change {
  const { kind, hash, organisationId } = parsed(text)
  if (kind === 'keys' || kind === 'cards') return { kind }
  if (kind === 'key' && typeof hash === 'string') return { kind, hash }
  if ((kind === 'budgets' || kind === 'credentials') && /^[0-9]{1,19}$/.test(String(organisationId)))
    return { kind, organisationId: BigInt(String(organisationId)) }
  return { kind: 'everything' }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
