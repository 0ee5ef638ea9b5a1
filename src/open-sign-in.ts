/** Sign-in with its database beside the store, both opened when somebody first needs them. */
import type { OidcSettings } from './contract/sign-in-settings.ts'
import { systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { systemRandom } from './lib/random.ts'
import { admit } from './people/admit.ts'
import { createSignIn, type SignIn } from './people/sign-in.ts'
import { sharedSecret } from './store/bootstrap.ts'
import type { SignInPlace } from './store/sign-in-database.ts'
import type { Store } from './store/store.ts'

const SECRET_BYTES = 32

type Parts = Omit<SignInPlace, 'now'> & {
  readonly store: Store
  readonly log: Log
  readonly oidc: OidcSettings | undefined
}

export const openSignIn = ({ store, log, oidc, ...place }: Parts): SignIn =>
  createSignIn({
    open: async () => (await import('./store/sign-in-database.ts')).openSignInDatabase({ ...place, now: store.now() }),
    secret: () => sharedSecret(store, 'auth_secret', Buffer.from(systemRandom.bytes(SECRET_BYTES)).toString('hex')),
    log,
    ...(oidc ? { oidc: { settings: oidc, admit: (person) => admit(store, person), clock: systemClock } } : {}),
  })
