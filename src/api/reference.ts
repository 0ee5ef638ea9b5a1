/** `/openapi.json` and `/docs`: what the API is, for programs and for people. Both need no key and no other host. */
import type { FastifyInstance } from 'fastify'
import { modelCalls } from '../contract/model-calls.ts'
import { openApiDocument } from '../contract/openapi.ts'
import { operations } from '../contract/operations.ts'
import { referencePage } from './reference-page.ts'

/** Made once, at the first question: most servers are never asked. */
export function mountReference(fastify: FastifyInstance): void {
  let made: { readonly json: string; readonly html: string } | undefined
  const texts = () => {
    if (made) return made
    const document = openApiDocument(operations, modelCalls)
    made = { json: JSON.stringify(document), html: referencePage(document) }
    return made
  }
  fastify.get('/openapi.json', async (_request, reply) =>
    reply.headers({ 'content-type': 'application/json', 'access-control-allow-origin': '*' }).send(texts().json),
  )
  fastify.get('/docs', async (_request, reply) =>
    reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY }).send(texts().html),
  )
}

/** The page has no script and loads nothing: whatever got into it could do nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
