/** Which server, and with which key. A key comes from a file or a variable, never from the command line, where others could read it. */
import type { Operation } from '../contract/operation.ts'
import { CannotGoOn, EXIT } from './exit-code.ts'
import { shown } from './fault.ts'

export type Connection = { readonly url: string; readonly secret: string }

export type ConnectionInput = {
  readonly options: { readonly url?: string; readonly keyFile?: string }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => string
  /** Who may call the operation. */
  readonly key: Operation['key']
}

const DEFAULT_URL = 'http://127.0.0.1:8787'

export function connectionOf(input: ConnectionInput): Connection {
  const url = addressOf(input.options.url ?? (input.env.TURNPIKE_BASE_URL || DEFAULT_URL))
  return { url, secret: secretOf(input, url) }
}

/** Without the mount that clients of models need. */
function addressOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CannotGoOn(`--url: expected an address, e.g. ${DEFAULT_URL}; found ${shown(text)}`, EXIT.usage)
  return text.replace(/\/+$/, '').replace(/(\/api)?\/v1$/, '')
}

/** A file that was named, else the variable, else the operator's key of this machine's data folder. */
function secretOf({ options, env, readFile, key }: ConnectionInput, url: string): string {
  const { keyFile } = options
  if (keyFile !== undefined) return keyIn(keyFile, readFile)
  const fromEnv = env.TURNPIKE_API_KEY ? plainKey(env.TURNPIKE_API_KEY, 'TURNPIKE_API_KEY') : undefined
  // Many have the key of their program in this variable. It may not administer: where the operator's key is at hand, that does.
  if (fromEnv !== undefined && (key === 'any' || !fromEnv.startsWith('sk-tp-'))) return fromEnv
  const file = `${env.TURNPIKE_DATA_DIR || './data'}/admin-key`
  if (fromEnv !== undefined) return isHere(url) ? operatorKey(file, readFile, fromEnv) : fromEnv
  if (isHere(url)) return keyIn(file, readFile)
  throw new CannotGoOn(
    `the operator's key of this machine is not sent to ${url}. Name a key with --key-file or TURNPIKE_API_KEY`,
    EXIT.notAllowed,
  )
}

function operatorKey(file: string, readFile: (path: string) => string, otherwise: string): string {
  try {
    return keyIn(file, readFile)
  } catch {
    return otherwise
  }
}

const isHere = (url: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)

function keyIn(file: string, readFile: (path: string) => string): string {
  let text: string
  try {
    text = readFile(file)
  } catch {
    throw new CannotGoOn(`${file} cannot be read. Name a key with --key-file or TURNPIKE_API_KEY`, EXIT.notAllowed)
  }
  return plainKey(text, file)
}

function plainKey(text: string, where: string): string {
  const key = text.trim()
  if (/^[!-~]{1,512}$/.test(key)) return key
  throw new CannotGoOn(`${where} holds no key: expected one line of visible characters`, EXIT.notAllowed)
}
