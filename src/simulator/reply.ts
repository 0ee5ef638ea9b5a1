/** A reply before it is sent: status, headers and the steps of its body, which `play.ts` carries out. */
export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Iterable<Step>
}

/**
 * Text may travel together with its neighbours, bytes go in a write of their own. `cut` drops the connection and
 * `stall` keeps it in silence, both for good; `wait` lasts until its promise ends.
 */
export type Step =
  | string
  | Uint8Array
  | { readonly last: 'cut' | 'stall' }
  | { readonly waitMs: number }
  | { readonly wait: (gone: AbortSignal) => Promise<void> }

export const rawReply = (status: number, type: string, body: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': type, ...headers },
  body: body === '' ? [] : [body],
})

export const jsonReply = (status: number, value: unknown, headers: Record<string, string> = {}): Reply =>
  rawReply(status, 'application/json', JSON.stringify(value), headers)

export type ErrorFields = {
  readonly message: string
  readonly type?: string
  readonly param?: string
  readonly code?: string
}

/** An error in OpenAI's form. */
export const errorReply = (status: number, fields: ErrorFields, headers: Record<string, string> = {}): Reply =>
  jsonReply(status, errorBody(fields), headers)

export const errorBody = ({ message, type = 'invalid_request_error', param, code }: ErrorFields) => ({
  error: { message, type, param: param ?? null, code: code ?? null },
})
