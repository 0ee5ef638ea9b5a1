/** The requests of sign-in, most of which answer with a cookie. They are no operations of the API: only the dashboard makes them. */
import { TurnpikeError } from '@turnpike/sdk'

type Requests = {
  readonly 'sign-in/email': { readonly email: string; readonly password: string }
  readonly 'sign-in/oidc': { readonly wanted?: string; readonly token?: string }
  readonly setup: { readonly token: string; readonly email: string; readonly password: string; readonly name: string }
  readonly 'sign-out': { readonly everywhere?: boolean }
  readonly 'change-password': { readonly currentPassword: string; readonly newPassword: string }
}

export async function auth<N extends keyof Requests>(name: N, body: Requests[N]): Promise<void> {
  await post(name, body)
}

/** Leaves for the identity provider, which sends the browser back signed in. `token`: of a link that was opened. */
export async function leaveForProvider(body: Requests['sign-in/oidc']): Promise<void> {
  location.assign((JSON.parse(await post('sign-in/oidc', body)) as { url: string }).url)
}

export type Methods = { readonly password: boolean; readonly oidc: { readonly name: string } | null }

/** How people may sign in here. */
export async function methodsOfSignIn(): Promise<Methods> {
  return (JSON.parse(await asked('methods')) as { methods: Methods }).methods
}

const post = <N extends keyof Requests>(name: N, body: Requests[N]): Promise<string> =>
  asked(name, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

async function asked(name: string, init?: RequestInit): Promise<string> {
  const response = await fetch(`/api/auth/${name}`, init)
  const text = await response.text()
  if (response.ok) return text
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
