/** What the server refused, as one line: its own words, its code, the request, and what helps. */
import { CannotGoOn, EXIT, type ExitCode } from './exit-code.ts'
import { visible } from './fault.ts'

type Refusal = {
  readonly text: string
  readonly response: Pick<Response, 'status' | 'headers'>
  /** `turnpike credits add` */
  readonly command: string
}

export function refusal({ text, response, command }: Refusal): CannotGoOn {
  const { status, headers } = response
  const { message, code } = wordsOf(text, status)
  const names = [code, `request ${headers.get('x-request-id') ?? 'unknown'}`].filter((name) => name !== undefined)
  const advice = adviceFor(status, code, command, headers.get('retry-after'))
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`
  return new CannotGoOn(
    visible(`${sentence} (${names.join(', ')})${advice === '' ? '' : ` ${advice}`}`),
    exitOf(status),
  )
}

const LONGEST_MESSAGE = 2_000

/** Both shapes of an error: of `/v1`, where the code is a word, and of `/api/v1`, where it is the status. */
function wordsOf(text: string, status: number): { message: string; code: string | undefined } {
  const error = memberOf(parsed(text), 'error')
  const message = memberOf(error, 'message')
  const code = [memberOf(error, 'code'), memberOf(memberOf(error, 'metadata'), 'error_type')].find(
    (name) => typeof name === 'string',
  )
  const known = typeof message === 'string' && message !== ''
  return {
    message: known ? message.slice(0, LONGEST_MESSAGE) : `status ${status}, from something that is no Turnpike`,
    code: typeof code === 'string' ? code : undefined,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

/** By code where the code says more than the status. */
function adviceFor(status: number, code: string | undefined, command: string, retryAfter: string | null): string {
  const byCode = code === undefined ? undefined : BY_CODE[code]
  if (byCode !== undefined) return byCode
  if (retryAfter !== null) return `Try again in ${retryAfter} s.`
  const noun = command.split(' ')[1] ?? ''
  const byStatus: Record<number, string> = {
    400: `See ${command} --help.`,
    401: 'Name a key that is valid with --key-file or TURNPIKE_API_KEY.',
    402: 'Add credits: turnpike credits add.',
    403: 'Sign in with a management key: --key-file, or TURNPIKE_API_KEY.',
    404: `See what is there: turnpike ${noun} --help.`,
    409: `Look at its state: turnpike ${noun} --help.`,
    422: `See ${command} --help.`,
    429: 'Wait, or raise the limit.',
  }
  return byStatus[status] ?? (status >= 500 ? "The server's log says more, under this request." : '')
}

const BY_CODE: Readonly<Record<string, string>> = {
  account_not_found: 'See which there are: turnpike accounts list.',
  account_frozen: 'Open it again: turnpike accounts reopen.',
  account_closed: 'Use another account: turnpike accounts list.',
  external_id_taken: 'See whose it is: turnpike accounts get.',
  idempotency_key_mismatch: 'Use another --idempotency-key for other content.',
  model_not_found: 'See which there are: turnpike models list.',
  unknown_model: 'See which there are: turnpike models list.',
  budget_exceeded: 'Wait for the next window, or raise the limit.',
}

/** The kinds that a script tells apart. */
function exitOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.notAllowed
  if (status === 404) return EXIT.notFound
  if (status === 402 || status === 429) return EXIT.refused
  if (status === 503) return EXIT.unreachable
  return status === 400 || status === 422 ? EXIT.usage : EXIT.failed
}
