/** A browser that signs in by an identity provider, over plain HTTP: what it keeps and where it is sent are to be seen. */
import { expect } from 'vitest'
import type { Turnpike } from './turnpike.ts'

export const PASSWORD = 'correct horse battery'
/** What a browser sends with a request of the page's own script. */
export const OWN = { 'sec-fetch-site': 'same-origin' }

export type Jar = Map<string, string>
type Answer = { status: number; location: string; cookies: string[]; text: string }

/** As a browser does: with the cookies of that host, no redirect followed. */
export async function visit(url: string, jar: Jar, init: RequestInit = {}): Promise<Answer> {
  const cookie = [...jar].flatMap(([name, value]) =>
    name.startsWith(`${new URL(url).host} `) ? [`${name.split(' ')[1]}=${value}`] : [],
  )
  const headers = {
    ...(init.headers as Record<string, string>),
    ...(cookie.length ? { cookie: cookie.join('; ') } : {}),
  }
  const reply = await fetch(url, { ...init, headers, redirect: 'manual' })
  const cookies = reply.headers.getSetCookie()
  for (const each of cookies) {
    const [pair = '', ...attributes] = each.split(';')
    const [name = '', ...value] = pair.split('=')
    const key = `${new URL(url).host} ${name}`
    if (attributes.some((said) => /Max-Age=0|expires=Thu, 01 Jan 1970/i.test(said))) jar.delete(key)
    else jar.set(key, value.join('='))
  }
  const location = reply.headers.get('location')
  return {
    ...{ status: reply.status, cookies, text: await reply.text() },
    location: location === null ? '' : new URL(location, url).href,
  }
}

export function browserOf(turnpike: Turnpike) {
  let visitors = 0
  /** Each from a network of its own, since attempts are counted. */
  const start = (jar: Jar, body: unknown = {}, headers: Record<string, string> = {}) =>
    visit(`${turnpike.url}/api/auth/sign-in/oidc`, jar, {
      method: 'POST',
      headers: {
        ...{ ...OWN, 'content-type': 'application/json', 'x-forwarded-for': `10.0.${++visitors}.1` },
        ...headers,
      },
      body: JSON.stringify(body),
    })
  /** From where the provider sends the browser back to. */
  async function go(jar: Jar, body?: Record<string, unknown>): Promise<string> {
    const started = await start(jar, body)
    expect(started.status).toBe(200)
    let url = (JSON.parse(started.text) as { url: string }).url
    while (!url.startsWith(turnpike.url)) {
      const step = await visit(url, jar)
      expect([step.status, url, step.text]).toEqual([303, url, expect.anything()])
      url = step.location
    }
    return url
  }
  return {
    start,
    go,
    /** All the way; where it ends, and the cookies from there. */
    async signIn(body?: Record<string, unknown>, jar: Jar = new Map()) {
      const { location, status, cookies } = await visit(await go(jar, body), jar)
      expect(status).toBe(303)
      const session = cookies.find((each) => each.startsWith('turnpike.session_token='))
      return { to: location.replace(turnpike.url, ''), session: session?.split(';')[0], header: session, jar }
    },
  }
}
