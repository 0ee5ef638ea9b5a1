/**
 * A provider that costs next to nothing: OpenAI's wire in JSON and SSE from prepared bytes, with a delay, a number of
 * chunks and a gap that the harness sets. Its last write carries the machine's monotonic time, so that a client in
 * another process can tell how long the last words were under way, whatever stood in between.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { serveChild } from './child.ts'

export type MockSettings = {
  delayMs: number
  /** Content events per stream; beside them come the role, the finish, the usage and `[DONE]`. */
  chunks: number
  /** 0: one event per turn of the event loop, as fast as it turns. */
  gapMs: number
}

export type MockStats = { calls: number; streams: number; openStreams: number; bytesIn: number }

serveChild(createMock())

function createMock() {
  const settings: MockSettings = { delayMs: 0, chunks: 50, gapMs: 0 }
  const stats: MockStats = { calls: 0, streams: 0, openStreams: 0, bytesIn: 0 }
  return createServer(async (request, response) => {
    const body = await read(request)
    if (request.url === '/stats') return response.end(JSON.stringify(stats))
    if (request.url === '/settings') {
      Object.assign(settings, JSON.parse(body.toString()))
      return response.end()
    }
    stats.calls += 1
    stats.bytesIn += body.length
    if (settings.delayMs > 0) await pause(settings.delayMs)
    if (!body.includes('"stream":true') && !body.includes('"stream": true')) return sendJson(response)
    stats.streams += 1
    stats.openStreams += 1
    response.once('close', () => {
      stats.openStreams -= 1
    })
    return sendStream(response, settings)
  })
}

const pause = (ms: number) => new Promise<void>((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)))

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
}

const created = 1_763_949_831
const usage = {
  prompt_tokens: 250,
  completion_tokens: 50,
  total_tokens: 300,
  prompt_tokens_details: { cached_tokens: 100, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0 },
}
const completion = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created,
    model: 'bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Nothing new under the sun. '.repeat(20), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage,
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
  }),
)

function sendJson(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': completion.length }).end(completion)
}

/** Asked for usage, OpenAI puts `usage: null` into every chunk but the last. */
function event(choices: object[], used: typeof usage | null = null): string {
  const body = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created, model: 'bench', choices, usage: used }
  return `data: ${JSON.stringify(body)}\n\n`
}
const delta = (content: string) => event([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }])
const opening = Buffer.from(event([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]))
const word = Buffer.from(delta(' word'))
const ending = `${event([{ index: 0, delta: {}, finish_reason: 'stop' }])}${event([], usage)}data: [DONE]\n\n`

async function sendStream(response: ServerResponse, { chunks, gapMs }: MockSettings): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write(opening)
  for (let sent = 1; sent < chunks; sent += 1) {
    await pause(gapMs)
    if (response.destroyed) return
    response.write(word)
  }
  await pause(gapMs)
  response.end(`${delta(`@${process.hrtime.bigint()}@`)}${ending}`)
}
