/**
 * A provider that costs nothing: a real HTTP server on the loopback address that speaks OpenAI's wire, Anthropic's and
 * Gemini's, answers for every model, counts real tokens, and fails on purpose where a model is named for it
 * (`behaviours.ts`) or a test scripts it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { type Answer, type Counters, composeAnswer } from './answer.ts'
import { type Behaviour, bareName, behaviourOf, behaviours } from './behaviours.ts'
import { type ChatRequest, parseObject, readChatRequest, readCompletionRequest } from './chat-request.ts'
import { completionReply } from './completion-body.ts'
import { streamReply } from './completion-stream.ts'
import { embeddingsReply } from './embeddings.ts'
import { geminiError, inGeminiForm } from './gemini-error.ts'
import { geminiStream, geminiTextEvent, geminiWhole } from './gemini-reply.ts'
import { readGeminiRequest } from './gemini-request.ts'
import { asMessageError } from './messages-error.ts'
import { messageError, messageReply, messageStream } from './messages-reply.ts'
import { readMessagesRequest } from './messages-request.ts'
import { type Line, play } from './play.ts'
import { errorReply, jsonReply, type Reply } from './reply.ts'
import { createRequestLog, type LoggedRequest } from './request-log.ts'
import {
  createScript,
  type RunningScript,
  type Script,
  type ScriptOptions,
  type ScriptStep,
  type TextEvent,
} from './script.ts'
import { speechReply } from './speech.ts'
import { transcriptionReply } from './transcription.ts'

export type SimulatorOptions = Counters & {
  readonly clock: Clock
  /** Names to list beside the simulator's own. Any other name is answered too. */
  readonly models?: readonly string[]
  /** 0, the default, takes a free one. */
  readonly port?: number
}

export type Simulator = {
  /** Up to and with `/v1`. */
  readonly url: string
  readonly port: number
  /** The last requests, oldest first. */
  readonly requests: readonly LoggedRequest[]
  readonly stats: () => SimulatorStats
  /** From now on the model follows these steps; see {@link ScriptStep}. */
  readonly script: (model: string, steps: readonly ScriptStep[], options?: ScriptOptions) => Script
  /** Drops what is under way and stops. */
  readonly close: () => Promise<void>
}

type SimulatorStats = {
  readonly requests: number
  readonly active: number
  /** Replies sent to their end, refusals among them. */
  readonly completed: number
  /** The client left first. */
  readonly aborted: number
  /** The simulator dropped the connection on purpose. */
  readonly cut: number
}

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const log = createRequestLog()
  const scripts = new Map<string, RunningScript>()
  const stats = { requests: 0, active: 0, completed: 0, aborted: 0, cut: 0 }
  const state: State = { options, log, scripts, stats }
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => void serve(state, request, response),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests: log.requests,
    stats: () => ({ ...stats }),
    script(model, steps, scriptOptions) {
      const script = createScript(steps, scriptOptions)
      scripts.set(bareName(model), script)
      return script
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Longer than clients keep idle connections, so that it is never the simulator who closes one under a request. */
const KEEP_ALIVE_MS = 75_000
/** A longer request body is refused with 413. */
const MAX_BODY_BYTES = 64 * 2 ** 20

type State = {
  readonly options: SimulatorOptions
  readonly log: ReturnType<typeof createRequestLog>
  readonly scripts: Map<string, RunningScript>
  readonly stats: { -readonly [K in keyof SimulatorStats]: SimulatorStats[K] }
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const line = openLine(state, response)
  try {
    const body = await readBody(request)
    await play(body === undefined ? TOO_LARGE : await route(state, request, body), line)
  } catch (error) {
    if (line.gone.aborted) return
    if (response.headersSent) line.cut()
    else await play(errorReply(500, { message: `The simulator failed: ${String(error)}`, type: 'server_error' }), line)
  }
}

const TOO_LARGE = errorReply(413, { message: 'The request body is too large', code: 'request_too_large' })

/** Follows one exchange to its end, which is counted once: completed, aborted by the client, or cut by us. */
function openLine({ options, stats }: State, response: ServerResponse): Line {
  const leaving = new AbortController()
  let cut = false
  stats.requests++
  stats.active++
  response.once('close', () => {
    stats.active--
    stats[cut ? 'cut' : response.writableFinished ? 'completed' : 'aborted']++
    leaving.abort()
  })
  return {
    response,
    clock: options.clock,
    gone: leaving.signal,
    cut: () => {
      cut = true
      response.destroy()
    },
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // The rest is read and thrown away: a connection closed under an upload would hide the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks)
}

async function route(state: State, request: IncomingMessage, bytes: Buffer): Promise<Reply> {
  const { method = '', url = '', headers } = request
  const contentType = headers['content-type'] ?? ''
  const isForm = contentType.startsWith('multipart/')
  // A form is not text: one character a byte keeps all of it.
  const body = bytes.toString(isForm ? 'latin1' : 'utf8')
  state.log.add({ method, path: url, headers, body })
  const path = url.split('?', 1)[0]
  if (method === 'POST' && path === '/v1/chat/completions') return complete(state, readChatRequest(body))
  if (method === 'POST' && path === '/v1/completions') return complete(state, readCompletionRequest(body))
  if (method === 'POST' && path === '/v1/embeddings')
    return scripted(state, parseObject(body)?.model, () => embeddingsReply(body, state.options))
  if (method === 'POST' && path === '/v1/audio/speech')
    return scripted(state, parseObject(body)?.model, () => speechReply(body, state.options))
  if (method === 'POST' && path === '/v1/audio/transcriptions')
    return scripted(state, MODEL_FIELD.exec(body)?.[1], () =>
      transcriptionReply({ body: bytes, contentType }, state.options),
    )
  const gemini = method === 'POST' ? GEMINI_PATH.exec(path ?? '') : null
  if (gemini)
    return generateContent(state, decodeURIComponent(gemini[1] ?? ''), gemini[2] === 'streamGenerateContent', body)
  if (method === 'POST' && path === '/v1/messages') return messages(state, body)
  if (method === 'POST' && path === '/v1/messages/count_tokens') return countTokens(state, body)
  if (method === 'GET' && path === '/v1/models') return jsonReply(200, modelList(state.options))
  return errorReply(404, { message: `Unknown request URL: ${method} ${path}`, code: 'unknown_url' })
}

async function complete(state: State, request: ReturnType<typeof readChatRequest>): Promise<Reply> {
  if ('refused' in request) return errorReply(400, request.refused)
  return replyTo(state, request, {
    instead: (reply) => reply,
    write: ({ answer, behaviour, number }) =>
      request.stream
        ? streamReply({ ...request, answer, behaviour, number })
        : completionReply(answer, behaviour, number),
  })
}

const MODEL_FIELD = /name="model"\r\n\r\n([^\r]*)\r\n/

/** What a test has written for the model, else what it would have said. */
const scripted = async (state: State, model: unknown, ordinary: () => Promise<Reply>): Promise<Reply> =>
  (await state.scripts.get(bareName(String(model)))?.next(ordinary)) ?? ordinary()

/** The model's name stands in the path, escaped. */
const GEMINI_PATH = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/

async function generateContent(state: State, model: string, stream: boolean, text: string): Promise<Reply> {
  const call = readGeminiRequest(model, stream, text)
  if ('refused' in call) return geminiError(400, call.refused)
  return replyTo(state, call.request, {
    instead: inGeminiForm,
    write: (said) => (stream ? geminiStream : geminiWhole)({ ...said, includeThoughts: call.includeThoughts }),
    textEvent: geminiTextEvent,
  })
}

type Said = { readonly answer: Answer; readonly behaviour: Behaviour; readonly number: number }

/** How a wire puts what a model says. */
type Wire = {
  readonly instead: (reply: Reply) => Reply
  readonly write: (said: Said) => Reply
  readonly textEvent?: TextEvent
}

async function replyTo(state: State, request: ChatRequest, wire: Wire): Promise<Reply> {
  const ordinary = async (): Promise<Reply> => {
    const { behaviour, number } = behaviourOf(request.model)
    if (behaviour.instead) return wire.instead(behaviour.instead(number))
    const { options, stats } = state
    const id = `chatcmpl-sim${request.seed.toString(16).padStart(8, '0')}${stats.requests.toString(36).padStart(8, '0')}`
    const created = Math.floor(options.clock.now() / 1000)
    const answer = await composeAnswer({ ...options, request, behaviour, number, id, created })
    return wire.write({ answer, behaviour, number })
  }
  return (await state.scripts.get(bareName(request.model))?.next(ordinary, wire.textEvent)) ?? ordinary()
}

async function messages(state: State, text: string): Promise<Reply> {
  const request = readMessagesRequest(text)
  if ('refused' in request) return messageError(400, 'invalid_request_error', request.refused)
  return replyTo(state, request, {
    instead: asMessageError,
    write: (said) => (request.stream ? messageStream : messageReply)({ ...said, searches: request.searches }),
  })
}

/** Counting needs no output limit; all else is asked for as in a call. */
async function countTokens({ options }: State, text: string): Promise<Reply> {
  const body = parseObject(text)
  const request = body ? readMessagesRequest(JSON.stringify({ max_tokens: 1, ...body })) : { refused: 'No JSON object' }
  if ('refused' in request) return messageError(400, 'invalid_request_error', request.refused)
  return jsonReply(200, { input_tokens: await options.countPrompt(request.body) })
}

function modelList({ clock, models = [] }: SimulatorOptions) {
  const shared = { object: 'model', created: Math.floor(clock.now() / 1000), owned_by: 'simulator' }
  const own = Object.entries(behaviours).map(([name, { does }]) => ({
    id: `simulator/${name}`,
    ...shared,
    description: does,
  }))
  return { object: 'list', data: [...models.map((id) => ({ id, ...shared })), ...own] }
}
