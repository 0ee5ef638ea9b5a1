/** Whether an identity provider is there, and is the one that was configured: asked before anybody is sent to it. */
import { z } from 'zod'
import { isSecureUrl, type OidcSettings } from '../contract/sign-in-settings.ts'
import type { Clock } from '../lib/clock.ts'

const ANSWER_MS = 5_000

const secureUrl = z.string().refine((value) => {
  const url = URL.parse(value)
  return url !== null && isSecureUrl(url)
})
const Configuration = z.object({
  issuer: z.string(),
  authorization_endpoint: secureUrl,
  token_endpoint: secureUrl,
  jwks_uri: secureUrl,
})

export const discoveryUrl = ({ issuer }: Pick<OidcSettings, 'issuer'>): string =>
  `${bareIssuer(issuer)}/.well-known/openid-configuration`

/** What is wrong with the provider, behind its name; undefined: nothing. */
export async function providerFault(
  settings: Pick<OidcSettings, 'issuer'>,
  clock: Pick<Clock, 'after'>,
): Promise<string | undefined> {
  const url = discoveryUrl(settings)
  const late = new AbortController()
  const timer = clock.after(ANSWER_MS, () => late.abort())
  try {
    const reply = await fetch(url, { signal: late.signal })
    return reply.ok
      ? faultOf(await reply.json().catch(() => undefined), settings, url)
      : `answers ${reply.status} at ${url}`
  } catch {
    return `does not answer at ${url}`
  } finally {
    timer.cancel()
  }
}

function faultOf(said: unknown, settings: Pick<OidcSettings, 'issuer'>, url: string): string | undefined {
  const read = Configuration.safeParse(said)
  if (!read.success) return `does not describe itself at ${url} (${read.error.issues[0]?.path.join('.') || 'no JSON'})`
  // One provider could otherwise speak for another.
  if (bareIssuer(read.data.issuer) !== bareIssuer(settings.issuer)) return `names itself ${read.data.issuer} at ${url}`
  return undefined
}

/** With and without a slash at its end it is the same one. */
export const bareIssuer = (issuer: string): string => issuer.replace(/\/+$/, '')
