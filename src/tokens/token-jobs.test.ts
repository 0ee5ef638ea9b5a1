import { expect, test } from 'vitest'
import { createO200k } from '../core/o200k.ts'
import type { Clock } from '../lib/clock.ts'
import { createTokenJobs } from './token-jobs.ts'

/** Ranks of the single bytes: a token is a byte, except for the pair "aa". */
const o200k = createO200k([...Array.from({ length: 256 }, (_, byte) => [byte]), 'aa'])

/** A clock of which each reading costs `stepMs`. */
function steppingClock(stepMs: number): Clock {
  let now = 0
  const none = () => {
    throw new Error('not a clock for timers')
  }
  return { now: none, after: none, sleep: none, elapsed: () => (now += stepMs) }
}

const createJobs = (stepMs = 0) => createTokenJobs({ o200k, clock: steppingClock(stepMs), jobMs: 100 })

test('texts of one job are one text, and those of another are not mixed in', () => {
  const jobs = createJobs()
  expect(jobs.take({ job: 1, kind: 'text', text: 'a' })).toEqual({ job: 1 })
  jobs.take({ job: 2, kind: 'text', text: 'bbb' })
  jobs.take({ job: 1, kind: 'text', text: 'a' })
  expect(jobs.take({ job: 1, kind: 'end', text: '' })).toEqual({ job: 1, count: { tokens: 1, exact: true } })
  expect(jobs.take({ job: 2, kind: 'end', text: '' })).toEqual({ job: 2, count: { tokens: 3, exact: true } })
})

test('strings that grow side by side are counted apart', () => {
  const jobs = createJobs()
  const choices = [0, 1].map((index) => ({ index, delta: { content: 'a', reasoning: 'a' } }))
  jobs.take({ job: 1, kind: 'choices', text: JSON.stringify(choices) })
  jobs.take({ job: 1, kind: 'choices', text: JSON.stringify(choices) })
  expect(jobs.take({ job: 1, kind: 'end', text: '' }).count).toEqual({ tokens: 4, exact: true })
})

test('what comes after the time limit is estimated, and says so', () => {
  const jobs = createJobs(101)
  for (let i = 0; i < 2; i++) jobs.take({ job: 1, kind: 'text', text: 'bbbbbbb' })
  expect(jobs.take({ job: 1, kind: 'end', text: '' }).count).toEqual({ tokens: 7 + 2, exact: false })
})

test('a reply with more strings than are followed is estimated beyond them', () => {
  const jobs = createJobs()
  const choices = Array.from({ length: 600 }, (_, index) => ({ index, delta: { content: 'bbbbbbb' } }))
  jobs.take({ job: 1, kind: 'choices', text: JSON.stringify(choices) })
  expect(jobs.take({ job: 1, kind: 'end', text: '' }).count).toEqual({ tokens: 512 * 7 + 88 * 2, exact: false })
})

test('a discarded job leaves nothing behind', () => {
  const jobs = createJobs()
  jobs.take({ job: 1, kind: 'text', text: 'abc' })
  expect(jobs.take({ job: 1, kind: 'discard', text: '' })).toEqual({ job: 1 })
  expect(jobs.take({ job: 1, kind: 'end', text: '' }).count).toEqual({ tokens: 0, exact: true })
})
