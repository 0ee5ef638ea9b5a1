/**
 * What can be said about a text's tokens without a tokenizer, and so on the event loop: an upper bound and an estimate,
 * both from its length in UTF-8.
 */

/** English text, code and JSON have about 4 bytes to a token, digits and base64 about 2; this is a middle that errs high for text. */
const BYTES_PER_TOKEN = 3.5

export const utf8Length = (text: string): number => Buffer.byteLength(text, 'utf8')

/**
 * No byte-level tokenizer makes more tokens of a text than it has bytes. One with SentencePiece and byte fall-back may
 * add a token for each segment, such as a message or a content part.
 */
export const tokenBound = (text: string, segments = 0): number => utf8Length(text) + segments

export const estimateTokens = (text: string): number => estimateFromBytes(utf8Length(text))

export const estimateFromBytes = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN)
