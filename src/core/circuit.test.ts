import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  answered,
  type Circuit,
  circuitState,
  claim,
  failed,
  newCircuit,
  released,
  restOf,
  succeeded,
  waitFor,
} from './circuit.ts'

const RULES = { failures: 3, coolMs: 1_000 }

function opened(at = 0): Circuit {
  const circuit = newCircuit()
  for (let times = 0; times < RULES.failures; times++) failed(circuit, RULES, at)
  return circuit
}

test('a circuit opens after so many failures one after another, and a success in between begins anew', () => {
  const circuit = newCircuit()
  failed(circuit, RULES, 1)
  failed(circuit, RULES, 2)
  succeeded(circuit, 3)
  failed(circuit, RULES, 4)
  failed(circuit, RULES, 5)
  expect(circuitState(circuit, 5)).toBe('closed')
  failed(circuit, RULES, 6)
  expect(circuitState(circuit, 6)).toBe('open')
  expect(waitFor(circuit, 6)).toBe(1_000)
})

test('a circuit opens where half of twenty calls within a minute failed, in whatever order', () => {
  const circuit = newCircuit()
  for (let pair = 0; pair < 9; pair++) {
    failed(circuit, RULES, 1_000)
    succeeded(circuit, 1_000)
  }
  failed(circuit, RULES, 1_000)
  expect(circuitState(circuit, 1_000)).toBe('closed')
  failed(circuit, RULES, 1_000)
  expect(circuitState(circuit, 1_000)).toBe('open')
})

test('what failed more than a minute ago does not count together with what fails now', () => {
  const circuit = newCircuit()
  for (let minute = 1; minute < 40; minute++) {
    failed(circuit, RULES, minute * 61_000)
    succeeded(circuit, minute * 61_000)
  }
  expect(circuitState(circuit, 41 * 61_000)).toBe('closed')
})

test('once it has cooled one call at a time may try, and its success closes it for all', () => {
  const circuit = opened()
  expect(claim(circuit, 999)).toBe(false)
  expect(circuitState(circuit, 1_000)).toBe('half_open')
  expect([claim(circuit, 1_000), claim(circuit, 1_000)]).toEqual([true, false])
  expect(waitFor(circuit, 1_000)).toBeGreaterThan(0)
  answered(circuit)
  expect([claim(circuit, 1_001), claim(circuit, 1_001)]).toEqual([true, true])
})

test('a try that fails opens it for twice as long, up to ten minutes', () => {
  const circuit = opened()
  let at = 0
  const waits: number[] = []
  for (let times = 0; times < 12; times++) {
    at += waitFor(circuit, at)
    expect(claim(circuit, at)).toBe(true)
    failed(circuit, RULES, at)
    waits.push(waitFor(circuit, at))
  }
  expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000])
  expect(waits.at(-1)).toBe(600_000)
})

test('a try that tells nothing lets the next one try; one that never comes back does so in the end', () => {
  const circuit = opened()
  expect(claim(circuit, 1_000)).toBe(true)
  released(circuit)
  expect(claim(circuit, 1_001)).toBe(true)
  const wait = waitFor(circuit, 1_002)
  expect(claim(circuit, 1_002 + wait)).toBe(true)
})

test('a provider that asks for a pause rests for so long, an hour at the most, and may be called all the same', () => {
  const circuit = newCircuit()
  failed(circuit, RULES, 0, 7_000)
  expect([restOf(circuit, 0), waitFor(circuit, 0), claim(circuit, 0)]).toEqual([7_000, 0, true])
  // A call that was under way says less: the longer pause holds.
  failed(circuit, RULES, 1_000, 2_000)
  expect(restOf(circuit, 1_000)).toBe(6_000)
  succeeded(circuit, 1_500)
  expect(restOf(circuit, 1_500)).toBe(0)
  failed(circuit, RULES, 2_000, 24 * 3_600_000)
  expect(restOf(circuit, 2_000)).toBe(3_600_000)
})

test('a provider that goes on asking for a pause is left alone for as long as it asks', () => {
  const circuit = newCircuit()
  for (const at of [0, 100, 200]) failed(circuit, RULES, at, 7_000)
  expect(circuitState(circuit, 200)).toBe('open')
  expect(waitFor(circuit, 200)).toBe(7_000)
})

test('calls that were under way when it opened make it no longer', () => {
  const circuit = opened()
  for (let times = 0; times < 50; times++) failed(circuit, RULES, 500)
  expect(waitFor(circuit, 500)).toBe(500)
})

test('with no failures allowed for it never opens', () => {
  const circuit = newCircuit()
  for (let times = 0; times < 100; times++) failed(circuit, { failures: 0, coolMs: 1_000 }, times, 5_000)
  expect(circuitState(circuit, 100)).toBe('closed')
})

test('whatever happens, it is asked again within an hour, and of those who ask at once at most one goes while it is open', () => {
  const event = fc.constantFrom('failed', 'limited', 'succeeded', 'answered', 'released', 'claim', 'later')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const circuit = newCircuit()
      let at = 1
      for (const name of events) {
        if (name === 'failed') failed(circuit, RULES, at)
        if (name === 'limited') failed(circuit, RULES, at, 3_000)
        if (name === 'succeeded') succeeded(circuit, at)
        if (name === 'answered') answered(circuit)
        if (name === 'released') released(circuit)
        if (name === 'claim') claim(circuit, at)
        if (name === 'later') at += 700
        expect(waitFor(circuit, at)).toBeLessThanOrEqual(3_600_000)
        const isOpen = circuitState(circuit, at) !== 'closed'
        const copies = [{ ...circuit }]
        const went = [1, 2, 3].filter(() => claim(copies[0] ?? circuit, at)).length
        if (isOpen) expect(went).toBeLessThanOrEqual(1)
        else expect(went).toBe(3)
      }
    }),
  )
})
