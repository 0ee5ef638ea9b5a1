/** A provider that was asked for a stream and sent a whole reply: what it said, as the chunks that were asked for. */
import { type Fields, fieldsOf, listOf } from './json-fields.ts'

/** One chunk with all that was said, then one with the usage. */
export function chunksOf(completion: Fields): readonly Fields[] {
  const { usage, choices, ...shared } = completion
  const said = { ...shared, choices: listOf(choices).map(chunkChoice) }
  return usage === undefined || usage === null ? [said] : [said, { ...shared, choices: [], usage }]
}

function chunkChoice({ message, ...choice }: Fields): Fields {
  const said = fieldsOf(message)
  const calls = listOf(said.tool_calls).map((call, index) => ({ index, ...call }))
  return { ...choice, delta: calls.length > 0 ? { ...said, tool_calls: calls } : said }
}
