/** A bug stops here: `assert` guards what must hold inside the program, never what comes from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message)
}

/** Proves to the compiler that every member of a union was handled. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected value ${String(value)}`)
}

class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed'
}
