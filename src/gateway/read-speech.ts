/** A request to read a text aloud. Voices and formats are the provider's to judge. */
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { refuse } from '../contract/errors.ts'
import { ModelRequest } from '../contract/model-request.ts'
import { type Call, plainCall } from './call.ts'
import { openJson, validated } from './read-json.ts'
import { mostSpeechTokens } from './sound.ts'

/** Far above what any provider reads in one call; theirs is the stricter word. */
const MOST_CHARACTERS = 65_536
const SLOWEST = 0.25

const SpeechRequest = ModelRequest.extend({
  input: z.string('expected the text to read aloud').optional(),
  speed: z.number('expected a number').nullish(),
  response_format: z.string('expected the name of a format').max(32).nullish(),
  stream_format: z.string('expected sse or audio').max(32).nullish(),
})

export function readSpeech(bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const body = openJson(bytes)
  const request = validated(SpeechRequest, body)
  const call = plainCall(body, request, headers)
  if (request.input === undefined || request.input.trim() === '')
    throw refuse('invalid_request', 'input is missing: expected the text to read aloud', { param: 'input' })
  const characters = codePoints(request.input)
  if (characters > MOST_CHARACTERS)
    throw refuse('invalid_request', `input: expected at most ${MOST_CHARACTERS} characters`, { param: 'input' })
  const speed = Math.min(1, Math.max(SLOWEST, request.speed ?? 1))
  return {
    ...call,
    api: 'audio/speech',
    stream: request.stream_format === 'sse',
    sound: {
      kind: 'speech',
      characters,
      mostTokens: mostSpeechTokens(characters, speed),
      format: request.response_format ?? 'mp3',
    },
  }
}

function codePoints(text: string): number {
  let count = 0
  for (const _point of text) count++
  return count
}
