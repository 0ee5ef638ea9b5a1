/** What a call is sent with, whose it is, and what a provider's refusal of it means. */
import { type Refused, refuse } from '../contract/errors.ts'
import { UpstreamFailure } from '../providers/provider.ts'

export type Credential = {
  /** As reports call it: never the secret. */
  readonly id: string
  readonly label: string
  /** Changes with the secret, and says nothing of it. */
  readonly version?: string
  readonly secret: string
  /** Its share of the calls beside others of its priority. */
  readonly weight: number
  /** 1 (first) to 100. */
  readonly priority: number
  /** Whose it is; undefined: ours. */
  readonly customer?: {
    readonly organisationId: bigint
    readonly id: bigint
    readonly name: string
    /** Calls that it fails may go on with ours. */
    readonly fallback: boolean
  }
}

/** A candidate on a customer's own credential: the provider bills the customer, and we take a fee. */
export const isByok = ({ credential }: { readonly credential?: Credential | undefined }): boolean =>
  credential?.customer !== undefined

/** The provider refused the credential, not the call: another one may be taken. */
export function isRefusal({ kind, status, code = '' }: UpstreamFailure): boolean {
  if (kind !== 'status') return false
  return status === 401 || status === 402 || status === 429 || (status === 403 && !isPolicy(code))
}

export const isPolicy = (code: string): boolean => /policy|moderation|safety|content_filter/.test(code)

/** An empty purse is told as a limit of speed by some; waiting does not help. */
const isEmpty = ({ status, code = '' }: UpstreamFailure): boolean =>
  status === 402 || (status === 429 && /insufficient_quota|billing/.test(code))

const MINUTE = 60_000
/** Without a hint: long enough to spare the provider, short enough that a credential which was mended serves soon. */
const COOL_REFUSED_MS = MINUTE
const COOL_EMPTY_MS = 5 * MINUTE
const COOL_LIMITED_MS = 10_000
const LONGEST_MS = 60 * MINUTE

/** How long a refused credential is tried after the others. */
export function coolingMs(failure: UpstreamFailure): number {
  if (failure.retryAfterMs !== undefined) return Math.min(Math.max(failure.retryAfterMs, 1), LONGEST_MS)
  if (isEmpty(failure)) return COOL_EMPTY_MS
  return failure.status === 429 ? COOL_LIMITED_MS : COOL_REFUSED_MS
}

/** In a word, for people: `refused`, `out of credit`, `rate limited`. */
export const coolingReason = (failure: UpstreamFailure): string =>
  isEmpty(failure) ? 'out of credit' : failure.status === 429 ? 'rate limited' : 'refused'

/**
 * What the caller is told whose own credential a provider refused: a mistake of theirs to mend, never an outage, and
 * never in the words that are about our keys or our credit. Undefined: a limit of speed, which passes.
 */
export function refusedByProvider(
  { customer, id, label }: Credential,
  providerName: string,
  failure: UpstreamFailure,
): Refused | undefined {
  if (!customer) return undefined
  if (failure.status === 429 && !isEmpty(failure)) return undefined
  const why = isEmpty(failure) ? 'has no credit left at' : 'was refused by'
  return refuse(
    'credential_refused',
    `Your own credential "${customer.name}" (${label}) ${why} ${providerName}, which says: ${failure.message}. ` +
      'Change it under /api/admin/credentials; nothing was charged',
    {
      providerName,
      raw: failure.message,
      ...(failure.code === undefined ? {} : { providerCode: failure.code }),
      details: { credentialId: id, provider: providerName, providerStatus: failure.status ?? null },
    },
  )
}

export const unreadable = (name: string, id: string, providerName: string): Refused =>
  refuse(
    'credential_refused',
    `Your own credential "${name}" for ${providerName} cannot be read: send its secret again to /api/admin/credentials/${id}; nothing was charged`,
    { providerName, details: { credentialId: id, provider: providerName, providerStatus: null } },
  )

/** Providers quote keys in their errors, some of them in forms that nobody could know beforehand. */
export function withoutSecret(failure: UpstreamFailure, secret: string | undefined): UpstreamFailure {
  if (secret === undefined) return failure
  const clean = (text: string) => text.replaceAll(secret, '[removed]')
  const { kind, status, retryAfterMs, code, param } = failure
  if (!failure.message.includes(secret) && !code?.includes(secret)) return failure
  return new UpstreamFailure(kind, clean(failure.message), {
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(code === undefined ? {} : { code: clean(code) }),
    ...(param === undefined ? {} : { param }),
  })
}
