/** Makes a function that runs once: the first call wins, and each later one gets its answer, promise or error. */
import { assert } from './assert.ts'

export function once<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R {
  let began = false
  let answer: (() => R) | undefined
  return (...args) => {
    if (answer) return answer()
    assert(!began, 'a function that runs once was called by itself')
    began = true
    try {
      const result = run(...args)
      answer = () => result
    } catch (reason) {
      answer = () => {
        throw reason
      }
    }
    return answer()
  }
}
