/** Providers that speak Anthropic's Messages API: the call goes up in its form, and the answer comes back as chat. */
import type { OnCancel } from '../contract/provider-presets.ts'
import { readingFor } from '../core/usage-reading-for.ts'
import { anthropicFailure } from './anthropic-error.ts'
import { nativeRequest } from './anthropic-native.ts'
import { completionOf, type ReadingAs } from './anthropic-reply.ts'
import { anthropicRequest } from './anthropic-request.ts'
import { readAnthropicStream } from './anthropic-stream.ts'
import { checkOver, withCredential } from './credential.ts'
import type { Provider, ProviderKey } from './provider.ts'
import { unmetBy } from './unmet.ts'
import type { Wire } from './wire.ts'
import { openPool, sendOver } from './wire-send.ts'

export type AnthropicOptions = {
  readonly key: string
  readonly name: string
  /** The host, with or without `/v1`; a path before it stays. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** Several of ours, in place of `apiKey`. */
  readonly keys?: readonly ProviderKey[]
  readonly onCancel: OnCancel
  readonly connectMs: number
}

/** The version whose requests still take settings of sampling. */
const VERSION = '2023-06-01'

export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const url = new URL(options.baseUrl)
  const pool = openPool(url.origin, options.connectMs)
  const base = `${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1`
  const headersFor = withCredential(options.apiKey, (secret): Record<string, string> => ({ 'x-api-key': secret }), {
    'anthropic-version': VERSION,
  })
  return {
    key: options.key,
    name: options.name,
    readingOf: (api) => (api === 'chat' ? readingFor('anthropic', 'messages') : undefined),
    onCancel: options.onCancel,
    keys: options.keys ?? [],
    wire: 'anthropic',
    parameters: PARAMETERS,
    unmet: (call) => unmetBy(() => (call.native ? [] : anthropicRequest(call).ignored)),
    send(call) {
      const { body, ignored, ...as } = call.native ? nativeRequest(call, call.native) : anthropicRequest(call)
      const outgoing = {
        path: `${base}/messages${call.wireQuery ? `?${call.wireQuery}` : ''}`,
        headers: { ...headersFor(call.secret), ...call.wireHeaders },
        body,
      }
      return { ...sendOver(pool, anthropicWire(as), outgoing, call), ignored }
    },
    check: (secret) => checkOver(pool, `${base}/models`, headersFor(secret)),
    close: () => pool.destroy(),
  }
}

/** Those that each of its models takes; newer ones leave out some of sampling. */
const PARAMETERS = [
  ...['max_tokens', 'max_completion_tokens', 'stop', 'tools', 'tool_choice', 'parallel_tool_calls', 'response_format'],
  ...['reasoning', 'reasoning_effort', 'include_reasoning', 'temperature', 'top_p', 'top_k', 'web_search_options'],
]

const anthropicWire = (as: ReadingAs): Wire => ({
  whole: (status, headers, body) =>
    (status === 200 ? completionOf(body, as) : undefined) ?? anthropicFailure(status, headers, body),
  stream: (status, _headers, out) => ({ event: readAnthropicStream(as, status, out) }),
})
