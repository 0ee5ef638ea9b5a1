/** What a command of the API borrows from the process: its terminal, its files, its network, its clock. */
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { CannotGoOn, EXIT } from './cli/exit-code.ts'
import type { World } from './cli/run-command.ts'
import { systemClock } from './lib/clock.ts'
import { systemRandom } from './lib/random.ts'

export function processWorld(): World {
  endWithReader()
  const { stdin, stdout, stderr } = process
  const isAsked = stdin.isTTY === true && stderr.isTTY === true
  return {
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput: () => readFileSync(0, 'utf8'),
    write: (text) => new Promise((resolve) => stdout.write(text, () => resolve())),
    writeFile: openOutput,
    stderr: (text) => void stderr.write(text),
    ask: isAsked ? askPerson : undefined,
    terminal: { stdout: stdout.isTTY === true, width: stdout.columns },
    fetch,
    clock: systemClock,
    random: systemRandom,
  }
}

/** `turnpike usage list --all | head`: a reader that has seen enough is no failure. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed),
  )
}

/** Readable by its owner alone: what it holds may be a key. */
const openOutput: World['writeFile'] = async (path) => {
  const file = await open(path, 'w', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CannotGoOn(`${path} cannot be written (${error.code ?? error.message})`, EXIT.usage)
  })
  return {
    write: async (text) => {
      await file.writeFile(text)
    },
    close: () => file.close(),
  }
}

async function askPerson(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}
