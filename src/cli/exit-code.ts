/** What the command line tells a script. */
export const EXIT = {
  done: 0,
  /** The action failed, or `verify` found a difference. */
  failed: 1,
  /** Wrong usage or wrong settings. */
  usage: 2,
  notFound: 3,
  /** Not signed in, or not allowed (401, 403). */
  notAllowed: 4,
  /** By credit, budget or rate (402, 429). */
  refused: 5,
  /** The server is out of reach, or answered 503. */
  unreachable: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Thrown by an action that cannot go on: the message is one sentence that says what to do. */
export class CannotGoOn extends Error {
  override readonly name = 'CannotGoOn'
  readonly exitCode: ExitCode
  constructor(message: string, exitCode: ExitCode) {
    super(message)
    this.exitCode = exitCode
  }
}
