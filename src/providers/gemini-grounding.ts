/** What Google Search brought to an answer: citations in OpenAI's form, and how many searches are billed. */
import { type Fields, fieldsOf, listOf, numberOf, someText } from './json-fields.ts'

/** An answer cites some ten pages; what lies beyond this many is not told. */
const MOST_CITATIONS = 256

/** `text` is the whole answer: Google counts places in it in bytes, OpenAI in characters. */
export function citations(grounding: unknown, text: string): readonly Fields[] {
  const { groundingChunks, groundingSupports } = fieldsOf(grounding)
  const pages = Array.isArray(groundingChunks) ? groundingChunks.map((chunk) => fieldsOf(fieldsOf(chunk).web)) : []
  const bytes = Buffer.from(text)
  const found: Fields[] = []
  const cited = new Set<number>()
  const cite = (page: Fields | undefined, start: number, end: number) => {
    const url = someText(page?.uri)
    if (url === undefined || found.length >= MOST_CITATIONS) return
    const place = { start_index: start, end_index: end }
    found.push({ type: 'url_citation', url_citation: { url, title: someText(page?.title) ?? url, ...place } })
  }
  for (const { segment, groundingChunkIndices } of listOf(groundingSupports)) {
    const { startIndex, endIndex } = fieldsOf(segment)
    const [start, end] = [charactersIn(bytes, startIndex), charactersIn(bytes, endIndex)]
    for (const index of Array.isArray(groundingChunkIndices) ? groundingChunkIndices : []) {
      cited.add(index)
      cite(pages[index], start, end)
    }
  }
  for (const [index, page] of pages.entries()) if (!cited.has(index)) cite(page, 0, 0)
  return found
}

const charactersIn = (bytes: Buffer, end: unknown): number =>
  bytes.subarray(0, Math.max(0, numberOf(end) ?? 0)).toString('utf8').length

/** Since the third generation each query is billed, though made again it is the same; before it each answer that searched. */
export function billedSearches(grounding: unknown, eachQuery: boolean): number {
  const { webSearchQueries } = fieldsOf(grounding)
  const stated = Array.isArray(webSearchQueries) ? webSearchQueries : []
  const queries = new Set(stated.filter((query) => someText(query) !== undefined)).size
  return eachQuery ? queries : Math.min(queries, 1)
}
