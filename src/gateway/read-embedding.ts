/** A request for embeddings: what goes in is all that is paid for. */
import type { IncomingHttpHeaders } from 'node:http'
import { refuse } from '../contract/errors.ts'
import { ModelRequest } from '../contract/model-request.ts'
import { type Call, plainCall } from './call.ts'
import { openJson, textOf, validated } from './read-json.ts'

export function readEmbedding(bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const body = openJson(bytes)
  const call = plainCall(body, validated(ModelRequest, body), headers)
  const input = textOf(body, 'input')
  if (input === undefined || !/^(?:"[^"]|\[\s*[^\]\s])/.test(input))
    throw refuse('invalid_request', 'input is missing: expected text, tokens, or a list of them', { param: 'input' })
  if (call.stream) throw refuse('invalid_request', 'stream: embeddings come whole', { param: 'stream' })
  return { ...call, api: 'embeddings', outputLimit: 0 }
}
