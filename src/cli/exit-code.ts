/** What the command line tells a script. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  refused: 5,
  unreachable: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** For help and reference. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  failed: 'failed, or in conflict with what is there (409, 410); `verify` found a difference',
  usage: 'wrong usage, wrong values (400, 422) or wrong settings',
  notFound: 'what was named does not exist (404)',
  notAllowed: 'not signed in, or not allowed (401, 403)',
  refused: 'refused by credit, budget or rate (402, 429)',
  unreachable: 'the server is out of reach, or answered 503',
  interrupted: 'interrupted',
}

/** Thrown by an action that cannot go on: the message is one sentence that says what to do. */
export class CannotGoOn extends Error {
  override readonly name = 'CannotGoOn'
  readonly exitCode: ExitCode
  constructor(message: string, exitCode: ExitCode) {
    super(message)
    this.exitCode = exitCode
  }
}
