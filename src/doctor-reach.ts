/** What `turnpike doctor` asks of others: the clock, providers' keys, the mail server, the hosts of webhooks. Nothing of it costs or sends anything. */
import type { Finding } from './cli/doctor-output.ts'
import type { ProviderSettings } from './contract/provider-settings.ts'
import type { Settings } from './contract/settings.ts'
import { createAddressGuard, systemResolve } from './delivery/address-guard.ts'
import { createMailer } from './delivery/mail.ts'
import { reach } from './delivery/reach.ts'
import { textOf } from './doctor-database.ts'
import { checkCredential } from './gateway/check-credential.ts'
import { systemClock } from './lib/clock.ts'
import { secretLabel } from './lib/secret.ts'
import { openProvider } from './providers.ts'
import { type Look, webhookAddresses } from './store/look.ts'

const REMOTE_MS = 5_000
const WARN_MS = 5_000
const FAIL_MS = 60_000

/** Against the database's clock, else against what the first provider says that answers. */
export async function clockFinding(settings: Settings, look: Look | undefined): Promise<Finding> {
  const check = 'clock'
  const found = (await databaseClock(look)) ?? (await providerClock(remote(settings)))
  if (found === undefined)
    return { check, state: 'skipped', says: 'neither PostgreSQL nor a provider to compare it with' }
  const off = Math.abs(found.offMs)
  const says = `${(off / 1_000).toFixed(1)} seconds ${found.offMs < 0 ? 'before' : 'behind'} ${found.whose}`
  if (off < WARN_MS) return { check, state: 'ok', says }
  return { check, state: off < FAIL_MS ? 'warning' : 'failed', says, cure: 'let NTP set it (timedatectl set-ntp true)' }
}

type Compared = { readonly offMs: number; readonly whose: string }

async function databaseClock(look: Look | undefined): Promise<Compared | undefined> {
  const asked = systemClock.now()
  const there = await look?.clock()
  if (there === undefined) return undefined
  return { offMs: there - (asked + systemClock.now()) / 2, whose: 'PostgreSQL' }
}

/** Whoever answers says what time it is; no key is sent. */
async function providerClock(providers: readonly ProviderSettings[]): Promise<Compared | undefined> {
  const asked = providers.map(async ({ name, baseUrl }): Promise<Compared> => {
    const began = systemClock.now()
    const signal = AbortSignal.timeout(REMOTE_MS)
    const reply = await fetch(baseUrl, { method: 'HEAD', redirect: 'manual', signal })
    const there = Date.parse(reply.headers.get('date') ?? '')
    if (Number.isNaN(there)) throw new Error('no date')
    // The header tells whole seconds.
    return { offMs: there + 500 - (began + systemClock.now()) / 2, whose: name }
  })
  return Promise.any(asked).catch(() => undefined)
}

const remote = ({ providers }: Settings): ProviderSettings[] =>
  [...providers.values()].filter(({ type }) => type !== 'simulator')

/** Each key asks for the list of models, which is free. */
export async function providerFindings(settings: Settings): Promise<Finding[]> {
  const entries = remote(settings)
  if (entries.length === 0) return [{ check: 'providers', state: 'skipped', says: 'none is configured' }]
  const connectMs = Math.min(settings.limits.connectSeconds * 1_000, REMOTE_MS)
  const findings = await Promise.all(entries.map((entry) => keyFindings(entry, connectMs)))
  return findings.flat()
}

async function keyFindings(entry: ProviderSettings, connectMs: number): Promise<Finding[]> {
  const check = `provider ${entry.key}`
  const provider = openProvider(entry, undefined, connectMs)
  if (!provider) return [{ check, state: 'skipped', says: `its wire (${entry.type}) is not offered yet` }]
  const given = entry.apiKeys?.map(({ apiKey }) => apiKey) ?? [entry.apiKey]
  const asked = given.map(async (secret): Promise<Finding> => {
    const whose = secret === undefined ? 'without a key' : `key ${secretLabel(secret)}`
    const { valid, status, message, latencyMs } = await checkCredential(provider, secret ?? 'none', systemClock)
    if (valid) return { check, state: 'ok', says: `${whose} is taken (${status}, ${latencyMs} ms)` }
    const says = `${whose}: ${[status, message].filter((each) => each !== null).join(' ')}`
    if (valid === false)
      return {
        check,
        state: 'failed',
        says,
        cure: 'put a key that it takes where `turnpike config print` says this one is from',
      }
    // It answered, and has no list of models to ask for.
    if (status !== null && status < 500 && status !== 429) return { check, state: 'warning', says }
    return { check, state: 'failed', says, cure: `see that ${new URL(entry.baseUrl).host} can be reached from here` }
  })
  return Promise.all(asked).finally(() => provider.close())
}

export async function mailFinding({ smtp }: Settings): Promise<Finding> {
  const check = 'mail'
  if (!smtp) return { check, state: 'skipped', says: 'smtp is not set: no e-mail is sent' }
  const mailer = createMailer(smtp)
  try {
    const { host } = new URL(smtp.url)
    const attempt = await mailer.reach()
    if (attempt.ok) return { check, state: 'ok', says: `${host} greets, and was sent nothing` }
    return {
      check,
      state: 'failed',
      says: `${host}: ${attempt.error}`,
      cure: 'correct smtp.url: host, port, user and password',
    }
  } finally {
    mailer.close()
  }
}

const MOST_HOSTS = 50

/** Connected to and left again, under the guard that holds for deliveries. */
export async function webhookFindings({ webhooks }: Settings, look: Look): Promise<Finding[]> {
  const check = 'webhooks'
  const addresses = await webhookAddresses(look, MOST_HOSTS)
  if (addresses.length === 0) return [{ check, state: 'skipped', says: 'no channel has one' }]
  const guard = createAddressGuard(webhooks.allow, systemResolve)
  return Promise.all(
    addresses.map(async (address): Promise<Finding> => {
      const { host } = new URL(address)
      try {
        const vetted = await guard.vet(address)
        if ('refused' in vetted) return { check, state: 'failed', says: vetted.refused }
        await reach(vetted, systemClock)
        return { check, state: 'ok', says: `${host} takes connections` }
      } catch (error) {
        return {
          check,
          state: 'failed',
          says: `${host}: ${textOf(error)}`,
          cure: 'start the receiver, or correct the channel',
        }
      }
    }),
  )
}
