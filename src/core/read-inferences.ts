/**
 * One reply may report several inferences, each with a tier and perhaps a model of its own. This file gives them back
 * one by one; what a reply reports only once, as searches, goes with the first.
 */
import type { Flags } from './read-count.ts'
import type { UsageShape } from './usage-shapes.ts'
import { type Body, isBody, type Tally, type TallyReader, writtenOf } from './usage-tally.ts'

export type Inference = { readonly model?: string; readonly tally: Tally }

export function readInferences(shape: UsageShape, read: TallyReader, body: Body, flags: Flags): readonly Inference[] {
  const iterations = shape.iterations ? iterationsOf(body, flags) : undefined
  const top = read(body, flags)
  const single = top ? [{ tally: top }] : []
  if (!iterations) return single
  const inferences = iterations.flatMap((iteration) => {
    const tally = read(iteration, flags)
    return tally ? [{ iteration, tally }] : []
  })
  if (inferences.length === 0) return single
  const messages = inferences.filter(({ iteration }) => isMessage(iteration)).map(({ tally }) => tally)
  if (top) compareWithTop(top, messages, flags)
  if (top) takeFromTop(top, messages, inferences.at(0)?.tally)
  return inferences.map(({ iteration, tally }) => ({ ...ownModel(iteration), tally }))
}

/** A reply has a handful. What lies beyond is not read, and the record says that it is out of all proportion. */
const MAX_ITERATIONS = 1_000

/** `undefined`: the top level is the whole usage. So it is after a fallback, where it holds the served answer alone. */
function iterationsOf(body: Body, flags: Flags): readonly Body[] | undefined {
  const { iterations } = body
  if (!Array.isArray(iterations)) return undefined
  if (iterations.length > MAX_ITERATIONS) flags.add('usage_huge')
  const bodies = iterations.slice(0, MAX_ITERATIONS).filter(isBody)
  return bodies.some(({ type }) => type === 'fallback_message') ? undefined : bodies
}

const isMessage = ({ type }: Body): boolean => type === 'message' || type === undefined

/** Longer than any model's name; records keep it. */
const MAX_NAME = 256

/** A message is the called model's, however its name is spelled there; helpers bring a model of their own. */
function ownModel(iteration: Body): { model?: string } {
  const { model } = iteration
  const isOwn = typeof model === 'string' && model !== '' && !isMessage(iteration)
  return isOwn ? { model: model.slice(0, MAX_NAME) } : {}
}

/** The top level is the sum of the messages, and thereby a checksum. */
function compareWithTop(top: Tally, messages: readonly Tally[], flags: Flags): void {
  const differs = [inputOf, outputOf, cachedOf, writtenOf].some(
    (count) => count(top) !== messages.reduce((total, tally) => total + count(tally), 0),
  )
  if (differs) flags.add('usage_inconsistent')
}

const inputOf = ({ input = 0 }: Tally): number => input
const outputOf = ({ output = 0 }: Tally): number => output
const cachedOf = ({ cached = 0 }: Tally): number => cached

/** What iterations leave out: which of the output was thinking, and how often a server tool ran. */
function takeFromTop(top: Tally, messages: readonly Tally[], first: Tally | undefined): void {
  if (first && first.webSearches === undefined && top.webSearches !== undefined) first.webSearches = top.webSearches
  let thinking = top.reasoning ?? 0
  if (messages.some(({ reasoning }) => reasoning !== undefined)) return
  for (const tally of messages) {
    const share = Math.min(thinking, tally.output ?? 0)
    if (share > 0) tally.reasoning = share
    thinking -= share
  }
}
