/** `turnpike keys create`: asks a running server for a key, and shows it this once. */
import { CannotGoOn, EXIT, type ExitCode } from './exit-code.ts'
import type { CreateKeyOptions } from './program.ts'

type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => string
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

const DEFAULT_URL = 'http://127.0.0.1:8787'

export async function createKey(
  options: CreateKeyOptions,
  { env, readFile, stdout, stderr }: Surroundings,
): Promise<ExitCode> {
  const url = (options.url ?? env.TURNPIKE_BASE_URL ?? DEFAULT_URL).replace(/\/$/, '')
  const secret = secretOf(options, env, readFile)
  const body = {
    name: options.name,
    ...(options.account === undefined ? {} : { external_user: options.account }),
    ...(options.limit === undefined ? {} : { limit: amountOf(options.limit) }),
    ...(options.limitReset === undefined ? {} : { limit_reset: options.limitReset }),
  }
  const reply = await fetch(`${url}/api/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new CannotGoOn(`no Turnpike answers at ${url}. Start it, or name its address with --url`, EXIT.unreachable)
  })
  const text = await reply.text()
  if (!reply.ok) throw new CannotGoOn(refusalOf(text, reply), exitOf(reply.status))
  const { key } = JSON.parse(text) as { key: string }
  stdout(options.json ? `${text}\n` : `${key}\n`)
  if (!options.json) stderr(`This is the only time that the key of "${options.name}" is shown.\n`)
  return EXIT.done
}

/** A file that was named, else the environment, else the operator's key of this machine's data folder. */
function secretOf({ keyFile }: CreateKeyOptions, env: Surroundings['env'], readFile: Surroundings['readFile']): string {
  // An API key, which many have in this variable, may not make keys; only a management key will do.
  if (keyFile === undefined && env.TURNPIKE_API_KEY?.startsWith('mk-tp-')) return env.TURNPIKE_API_KEY
  const file = keyFile ?? `${env.TURNPIKE_DATA_DIR || './data'}/admin-key`
  try {
    return readFile(file).trim()
  } catch {
    throw new CannotGoOn(
      `${file} cannot be read. Name the operator's key with --key-file or TURNPIKE_API_KEY`,
      EXIT.notAllowed,
    )
  }
}

function amountOf(text: string): number {
  if (!/^(0|[1-9][0-9]*)(\.[0-9]{1,9})?$/.test(text))
    throw new CannotGoOn(`--limit: expected USD, e.g. 5 or 0.50; found "${text}"`, EXIT.usage)
  return Number(text)
}

function refusalOf(text: string, reply: Response): string {
  const message = (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? `status ${reply.status}`
  return `${message} (request ${reply.headers.get('x-request-id') ?? 'unknown'})`
}

function exitOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.notAllowed
  if (status === 404) return EXIT.notFound
  if (status === 402 || status === 429) return EXIT.refused
  return status === 503 ? EXIT.unreachable : status === 400 || status === 422 ? EXIT.usage : EXIT.failed
}
