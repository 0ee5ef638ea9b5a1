/** The requests that answer with a cookie. They are no operations of the API: only the dashboard makes them. */
import { TurnpikeError } from '@turnpike/sdk'

type Requests = {
  readonly 'sign-in/email': { readonly email: string; readonly password: string }
  readonly setup: { readonly token: string; readonly email: string; readonly password: string; readonly name: string }
  readonly 'sign-out': { readonly everywhere?: boolean }
  readonly 'change-password': { readonly currentPassword: string; readonly newPassword: string }
}

export async function auth<N extends keyof Requests>(name: N, body: Requests[N]): Promise<void> {
  const response = await fetch(`/api/auth/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (response.ok) return
  const text = await response.text()
  throw new TurnpikeError(messageOf(text) ?? `The server answered ${response.status}.`, {
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}

/** Whether the server heard it or not, the way in again is the log-in. */
export async function signOut(): Promise<void> {
  await auth('sign-out', {}).catch(() => undefined)
  location.assign('/login')
}

function messageOf(text: string): string | undefined {
  try {
    const { error, message } = JSON.parse(text) as { error?: { message?: string }; message?: string }
    return error?.message ?? message
  } catch {
    return undefined
  }
}
