import { describe, expect, test } from 'vitest'
import { once } from './once.ts'

describe('once', () => {
  test('the first call wins, and later ones get its answer', () => {
    const calls: string[] = []
    const ask = once((word: string) => {
      calls.push(word)
      return { word }
    })
    const first = ask('a')
    expect(ask('b')).toBe(first)
    expect(calls).toEqual(['a'])
  })

  test('an answer of undefined is an answer', () => {
    let calls = 0
    const run = once(() => {
      calls++
    })
    run()
    run()
    expect(calls).toBe(1)
  })

  test('calls that meet share one promise, a failed one too', async () => {
    const settle = once(async (fail: boolean) => {
      await Promise.resolve()
      if (fail) throw new Error('first')
      return 'second'
    })
    const [a, b] = await Promise.allSettled([settle(true), settle(false)])
    expect(a).toMatchObject({ status: 'rejected' })
    expect(b).toEqual(a)
    await expect(settle(false)).rejects.toThrow('first')
  })

  test('a first call that throws is not repeated', () => {
    let calls = 0
    const run = once(() => {
      calls++
      throw new Error(`call ${calls}`)
    })
    expect(run).toThrow('call 1')
    expect(run).toThrow('call 1')
  })

  test('a call from inside the first one is a bug and says so', () => {
    const run: () => void = once(() => run())
    expect(run).toThrow('called by itself')
  })
})
