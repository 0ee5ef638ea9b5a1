/** How people may sign in. */
import { z } from 'zod'
import { isLoopback } from '../lib/loopback.ts'
import { credential, flag, group, isHttpUrl, list, pattern, text } from './setting-forms.ts'

const ISSUER = 'an https address without password or query (http on loopback alone)'

const Oidc = group({
  issuer: z
    .string(ISSUER)
    .refine(isIssuer, ISSUER)
    .meta({ description: 'The provider, as it names itself; its `/.well-known/openid-configuration` says the rest.' }),
  clientId: text(500).meta({ description: 'What the provider calls this server.' }),
  clientSecret: credential.meta({ description: 'Secret; better as a reference to a variable than in the file.' }),
  name: text(50).default('single sign-on').meta({ description: 'What the button says: Sign in with NAME.' }),
  scopes: list(pattern(/^[!#-[\]-~]{1,200}$/, 'a scope, e.g. email'), 1, 50)
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid') && scopes.includes('email'), 'a list with openid and email in it')
    .meta({ description: 'What is asked of the provider: openid and email, and what else it needs to name them.' }),
  trustEmail: flag().default(false).meta({
    description:
      'Addresses count as verified where the provider does not say whether they are (no `email_verified`). Only where nobody chooses their own address there.',
  }),
})

export const SignInFile = group({
  password: flag().default(true).meta({
    description:
      'Whether people may sign in by e-mail and password. The link of `turnpike setup-link` works in any case.',
  }),
  oidc: Oidc.optional().meta({ description: 'Sign-in by OpenID Connect. Without it there are passwords alone.' }),
})
  .refine(
    ({ password, oidc }) => password || oidc !== undefined,
    'oidc where password is false, or nobody could sign in',
  )
  .prefault({})

export type OidcSettings = z.output<typeof Oidc>

/** What comes from it says who somebody is, and what goes there is a secret. */
function isIssuer(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && isHttpUrl(value) && isSecureUrl(url)
}

/** Nobody on the way reads or changes it. */
export const isSecureUrl = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
