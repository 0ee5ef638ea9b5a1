/**
 * What the address of PostgreSQL says of TLS, in libpq's words. Whoever asks for TLS gets a server that is known: only
 * `no-verify` takes any.
 */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { StoreUnusable } from './store.ts'

export type TlsOptions = false | ConnectionOptions

const MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const

/** The address without those words, for the driver has its own view of them, and what they come to. */
export function withoutTls(address: string): { url: string; ssl: TlsOptions } {
  const url = URL.parse(address)
  if (url === null) return { url: address, ssl: false }
  const said = url.searchParams
  const mode = said.get('sslmode') ?? (Object.keys(FILES).some((name) => said.has(name)) ? 'verify-full' : 'disable')
  const ssl = optionsOf(mode, said)
  for (const name of ['sslmode', 'ssl', ...Object.keys(FILES)]) said.delete(name)
  return { url: url.href, ssl }
}

function optionsOf(mode: string, said: URLSearchParams): TlsOptions {
  if (!MODES.some((known) => known === mode))
    throw new StoreUnusable(
      `sslmode of TURNPIKE_DATABASE_URL: expected ${MODES.join(', ')}; found "${mode.slice(0, 50)}"`,
    )
  if (mode === 'disable') return false
  const options: ConnectionOptions = { rejectUnauthorized: mode !== 'no-verify' }
  for (const [name, option] of Object.entries(FILES)) {
    const file = said.get(name)
    if (file !== null && !(name === 'sslrootcert' && file === 'system')) options[option] = contents(name, file)
  }
  // Whoever holds a certificate of this authority is trusted, whatever the host is called.
  if (mode === 'verify-ca') options.checkServerIdentity = () => undefined
  return options
}

function contents(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new StoreUnusable(`${name} of TURNPIKE_DATABASE_URL names ${file}, which cannot be read (${code})`, { cause })
  }
}
