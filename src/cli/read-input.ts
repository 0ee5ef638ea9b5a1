/** The text behind `@file` or `-`. */
import { CannotGoOn, EXIT } from './exit-code.ts'
import { shown } from './fault.ts'
import type { ReadInput } from './request.ts'

type Sources = { readonly readFile: (path: string) => string; readonly readInput: () => string }

export function inputReader({ readFile, readInput }: Sources): ReadInput {
  let isRead = false
  return (source) => {
    if (source !== '-') return readNamed(source.slice(1), readFile)
    if (isRead) throw new CannotGoOn('standard input can be read by one option only', EXIT.usage)
    isRead = true
    return readInput()
  }
}

function readNamed(path: string, readFile: Sources['readFile']): string {
  try {
    return readFile(path)
  } catch {
    throw new CannotGoOn(`${shown(path)} cannot be read`, EXIT.usage)
  }
}
