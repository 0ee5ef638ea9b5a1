/** Whether a provider takes a credential: one free question, with an end. */
import type { CredentialCheck } from '../contract/credentials.ts'
import type { Clock } from '../lib/clock.ts'
import { type Provider, UpstreamFailure } from '../providers/provider.ts'
import { withoutSecret } from './credential.ts'

const CHECK_MS = 10_000

export async function checkCredential(provider: Provider, secret: string, clock: Clock): Promise<CredentialCheck> {
  const startedAt = clock.elapsed()
  const { taken, abort } = provider.check(secret)
  const limit = clock.after(CHECK_MS, abort)
  const answered = await taken.then(
    () => ({ valid: true, status: 200, message: null }),
    (error: unknown) => {
      if (!(error instanceof UpstreamFailure)) throw error
      const { status = null, message } = withoutSecret(error, secret)
      return { valid: status === 401 || status === 403 ? false : null, status, message }
    },
  )
  limit.cancel()
  return { ...answered, latencyMs: Math.round(clock.elapsed() - startedAt) }
}
