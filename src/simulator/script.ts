/**
 * Answers that a test writes itself: odd bytes, connections dropped at a chosen place, and gates at which answers wait
 * until the test lets them through.
 */
import { until } from './play.ts'
import type { Reply, Step } from './reply.ts'

/**
 * `text` is one event with this content, `raw` goes out in a write of its own, `gate` waits for `release`, `answer` is
 * what the model would have said without a script, `close` drops the connection. A script that runs out ends in good form.
 */
export type ScriptStep =
  | 'gate'
  | 'answer'
  | 'close'
  | 'stall'
  | { readonly text: string }
  | { readonly raw: string | Uint8Array }
  | { readonly waitMs: number }

export type ScriptOptions = {
  /** After so many requests the model is its old self again. */
  readonly times?: number
  /** Of replies without `answer`; that step brings its own. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export type Script = {
  /** Lets so many waiting or coming answers through a gate; without a count, all of them from now on. */
  readonly release: (count?: number) => void
  /** Ends once so many answers wait at a gate at the same time. */
  readonly waiting: (count: number) => Promise<void>
  /** How often the script has been played. */
  readonly played: () => number
  readonly stop: () => void
}

export type RunningScript = Script & {
  /** The reply to the next request; `undefined` once the script is over. */
  readonly next: (ordinary: () => Promise<Reply>, textEvent?: TextEvent) => Promise<Reply | undefined>
}

/** One event of the wire that is spoken, with this content. */
export type TextEvent = (content: string) => string

export function createScript(steps: readonly ScriptStep[], options: ScriptOptions = {}): RunningScript {
  const gate = createGate()
  let left = options.times ?? Number.POSITIVE_INFINITY
  let played = 0
  const needsAnswer = steps.includes('answer')
  return {
    release: gate.release,
    waiting: gate.waiting,
    played: () => played,
    stop: () => {
      left = 0
    },
    async next(ordinary, textEvent = chatTextEvent) {
      if (left <= 0) return undefined
      left--
      played++
      const answer = needsAnswer ? await ordinary() : undefined
      const headers = answer?.headers ?? { 'content-type': 'text/event-stream', ...options.headers }
      return {
        status: answer?.status ?? options.status ?? 200,
        headers,
        body: replySteps({ steps, gate, answer, textEvent }),
      }
    },
  }
}

type Playing = {
  readonly steps: readonly ScriptStep[]
  readonly gate: Gate
  readonly answer: Reply | undefined
  readonly textEvent: TextEvent
}

function* replySteps({ steps, gate, answer, textEvent }: Playing): Generator<Step> {
  for (const step of steps) {
    if (step === 'gate') yield { wait: gate.pass }
    else if (step === 'answer') yield* answer?.body ?? []
    else if (step === 'close') yield { last: 'cut' }
    else if (step === 'stall') yield { last: 'stall' }
    else if ('waitMs' in step) yield step
    else if ('raw' in step) yield typeof step.raw === 'string' ? Buffer.from(step.raw) : step.raw
    else yield Buffer.from(textEvent(step.text))
  }
}

const chatTextEvent = (content: string): string => {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }]
  return `data: ${JSON.stringify({ id: 'chatcmpl-script', object: 'chat.completion.chunk', created: 0, model: 'script', choices })}\n\n`
}

type Gate = ReturnType<typeof createGate>

function createGate() {
  const queue = new Set<() => void>()
  const watchers = new Set<{ readonly count: number; readonly resolve: () => void }>()
  let permits = 0
  const letThrough = () => {
    for (const open of queue) {
      if (permits <= 0) return
      permits--
      open()
    }
  }
  const tellWatchers = () => {
    for (const watcher of watchers) if (queue.size >= watcher.count && watchers.delete(watcher)) watcher.resolve()
  }
  return {
    async pass(gone: AbortSignal): Promise<void> {
      if (permits > 0) permits--
      else {
        await until(gone, (done) => {
          queue.add(done)
          tellWatchers()
          return () => queue.delete(done)
        })
      }
    },
    release(count = Number.POSITIVE_INFINITY): void {
      permits += count
      letThrough()
    },
    waiting: (count: number): Promise<void> =>
      new Promise((resolve) => {
        watchers.add({ count, resolve })
        tellWatchers()
      }),
  }
}
