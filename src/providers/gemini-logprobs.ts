/** The probabilities of tokens, from two parallel lists to OpenAI's one. */
import { type Fields, fieldsOf, listOf, textOf } from './json-fields.ts'

/** Undefined: none were sent. */
export function logprobsOf(
  result: unknown,
): { readonly content: readonly Fields[]; readonly refusal: null } | undefined {
  const { chosenCandidates, topCandidates } = fieldsOf(result)
  const chosen = listOf(chosenCandidates)
  if (chosen.length === 0) return undefined
  const tops = listOf(topCandidates)
  const content = chosen.map((token, place) => ({
    ...tokenOf(token),
    top_logprobs: listOf(tops[place]?.candidates).map(tokenOf),
  }))
  return { content, refusal: null }
}

function tokenOf({ token, logProbability }: Fields): Fields {
  const text = textOf(token)
  return { token: text, logprob: logProbability ?? null, bytes: [...Buffer.from(text)] }
}
