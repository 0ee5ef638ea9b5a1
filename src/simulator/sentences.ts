/**
 * Text without meaning or chance: the same seed gives the same sentences. It comes in pieces of one token each, because
 * every word, with the blank before it, is one token of o200k.
 */
export type Draw = (below: number) => number

export function* sentences(draw: Draw): Generator<string> {
  for (let first = true; ; first = false) yield* sentence(draw, first)
}

/** So many whole sentences, in pieces. */
export function someSentences(draw: Draw, count: number): string[] {
  const pieces: string[] = []
  for (let i = 0; i < count; i++) pieces.push(...sentence(draw, i === 0))
  return pieces
}

/** Cuts foreign text into pieces of about one token: a short run of letters with the blanks before it, or other signs. */
export const piecesOf = (text: string): string[] => text.match(PIECE) ?? []

/** Whole numbers below a bound, the same series for the same seed. */
export function drawFrom(seed: number): Draw {
  let state = (seed ^ 0x5bd1e995) >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    // The low bits of such a series repeat soon; the high ones do not.
    return (state >>> 8) % below
  }
}

const PIECE = /\s*[\p{L}\p{N}]{1,12}|\s*[^\p{L}\p{N}\s]{1,3}|\s+/gu

const ADJECTIVES = ' quiet small green open early bright simple steady clear warm distant narrow'.split(/(?= )/)
const NOUNS = ' river garden morning letter window bridge station market forest harbor road table'.split(/(?= )/)
const VERBS = ' follows reaches shows keeps holds meets leaves finds opens crosses'.split(/(?= )/)
const ENDINGS = [[' today'], [' again'], [' at', ' night'], [' without', ' haste'], [' before', ' noon'], []]

function sentence(draw: Draw, first: boolean): string[] {
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)] as T
  const subject = [first ? 'The' : ' The', pick(ADJECTIVES), pick(NOUNS)]
  return [...subject, pick(VERBS), ' the', pick(NOUNS), ...pick(ENDINGS), '.']
}
