/** What a first start begins with: an account with promotional credit, and a key that calls on it. */
import { asNanos } from './lib/money.ts'
import { systemRandom } from './lib/random.ts'
import { hashSecret, newSecret, secretLabel } from './lib/secret.ts'
import { createAccount, createApiKey, type Organisation } from './store/bootstrap.ts'
import type { Store } from './store/store.ts'

const DEMO_CREDIT = asNanos(25_000_000_000n)

/** The key's secret: shown once, and kept by its hash alone. */
export async function createDemo(store: Store, organisation: Organisation): Promise<string> {
  const account = await createAccount(store, { organisationId: organisation.id, externalId: 'demo', name: 'demo' })
  await store.post({
    type: 'grant',
    organisationId: organisation.id,
    at: store.now(),
    accountId: account.id,
    amount: DEMO_CREDIT,
    category: 'promotional',
    priority: 50,
    expiresAt: null,
    paymentId: null,
    actor: 'system',
    description: 'Credit to try things out',
    metadata: null,
  })
  const secret = newSecret('sk-tp', systemRandom)
  await createApiKey(store, {
    organisationId: organisation.id,
    hash: hashSecret(secret),
    label: secretLabel(secret),
    name: 'demo',
    accountId: account.id,
  })
  return secret
}
