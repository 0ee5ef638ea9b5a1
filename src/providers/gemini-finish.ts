/** Why a candidate ended, in the common vocabulary. Google's own word is kept beside it. */

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error'

/** Undefined: it has not ended. A word nobody knows ended the answer in some regular way. */
export function finishReason(stated: unknown, calledTools: boolean): FinishReason | undefined {
  if (typeof stated !== 'string' || stated === '' || stated === 'FINISH_REASON_UNSPECIFIED') return undefined
  const reason = REASONS.get(stated) ?? 'stop'
  return reason === 'stop' && calledTools ? 'tool_calls' : reason
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ...withheld(
    'SAFETY',
    'RECITATION',
    'LANGUAGE',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'IMAGE_SAFETY',
    'IMAGE_PROHIBITED_CONTENT',
    'IMAGE_RECITATION',
    'MODEL_ARMOR',
    'ESCALATION',
  ),
  ...failed(
    'OTHER',
    'MALFORMED_FUNCTION_CALL',
    'MALFORMED_RESPONSE',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MISSING_THOUGHT_SIGNATURE',
    'NO_IMAGE',
    'IMAGE_OTHER',
  ),
])

function withheld(...words: string[]): [string, FinishReason][] {
  return words.map((word) => [word, 'content_filter'])
}

function failed(...words: string[]): [string, FinishReason][] {
  return words.map((word) => [word, 'error'])
}
