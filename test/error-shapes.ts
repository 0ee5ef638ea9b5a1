/** What an error looks like in the words of each mount and path, whatever went wrong. */
import { expect } from 'vitest'

type Shape = { readonly status: number; readonly body: unknown }

/** Holds the reply to be an error in the dialect of its path, and answers its message. */
export function expectErrorOf(path: string, { status, body }: Shape): string {
  const { error } = body as { error: { message: string } }
  expect(typeof error?.message, JSON.stringify(body)).toBe('string')
  if (/\/messages(\/|$)/.test(path))
    expect(body).toMatchObject({
      type: 'error',
      error: { type: expect.stringMatching(/^([a-z_]+_error|request_too_large)$/) },
      request_id: expect.any(String),
    })
  else if (path.startsWith('/api/'))
    expect(body).toMatchObject({
      error: { code: status, metadata: { error_type: expect.stringMatching(/^[a-z_]+$/) } },
    })
  else
    expect(body).toMatchObject({
      error: {
        type: expect.stringMatching(/^[a-z_]+$/),
        code: expect.stringMatching(/^[a-z_]+$/),
        param: expect.toSatisfy((param) => param === null || typeof param === 'string'),
      },
      request_id: expect.any(String),
    })
  return error.message
}
