/** What has to be known of a Gemini model by its name, since the wire differs by generation. */

/** From this generation on, thinking is set by level, calls have ids, and a call must carry the signature of its thought. */
const WITH_LEVELS = 3

/** `gemini-3.1-pro-preview` → true. A name that says nothing (`gemini-flash-latest`, a tuned model) is taken for a new one. */
export function isThirdGeneration(model: string): boolean {
  const generation = /gemini-([0-9]{1,3})/.exec(model)?.[1]
  return generation === undefined ? model.includes('gemini') : Number(generation) >= WITH_LEVELS
}

/** The least thinking that can be asked of it: none of this generation can be told not to think. */
export const leastLevel = (model: string): 'low' | 'minimal' => (/-pro\b/.test(model) ? 'low' : 'minimal')
