/** Webhooks by Standard Webhooks 1.0.0: signed with every secret that is valid, the event's id in all repetitions. */
import { Webhook } from 'standardwebhooks'
import type { Clock } from '../lib/clock.ts'
import type { AddressGuard } from './address-guard.ts'
import type { Attempt, Parcel } from './attempt.ts'
import { type HttpAnswer, httpPost } from './http-post.ts'
import { slackBody } from './slack-body.ts'

export type HttpSender = {
  webhook(url: string, secrets: readonly string[], parcel: Parcel): Promise<Attempt>
  /** In the form of Slack's incoming webhooks, which others understand too. */
  slack(url: string, parcel: Parcel): Promise<Attempt>
}

type SenderParts = {
  readonly guard: AddressGuard
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly stopped: AbortSignal
}

export function createHttpSender({ guard, clock, stopped }: SenderParts): HttpSender {
  const post = async (address: string, body: string, headers: Readonly<Record<string, string>>): Promise<Attempt> => {
    // At each try: a name may lead elsewhere by now.
    const vetted = await guard.vet(address)
    if ('refused' in vetted) return { ok: false, status: null, error: vetted.refused }
    const all = { 'content-type': 'application/json', 'user-agent': 'Turnpike', ...headers }
    try {
      return attemptOf(await httpPost(vetted, { headers: all, body, clock, stopped }), clock.now())
    } catch (error) {
      return { ok: false, status: null, error: error instanceof Error ? error.message : String(error) }
    }
  }
  return {
    webhook(url, secrets, { eventId, body }) {
      const at = new Date(clock.now())
      return post(url, body, {
        'webhook-id': eventId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, body)).join(' '),
      })
    },
    slack: (url, parcel) => post(url, slackBody(parcel), {}),
  }
}

function attemptOf({ status, retryAfter, excerpt: answer }: HttpAnswer, now: number): Attempt {
  if (status >= 200 && status < 300) return { ok: true, status, answer }
  if (status === 410) return { ok: false, status, answer, error: 'the receiver says that it is gone (410)', gone: true }
  const isRedirect = status >= 300 && status < 400
  const error = isRedirect ? `redirects are not followed (${status})` : `the receiver answered ${status}`
  const retryAfterMs = retryAfter === undefined ? undefined : waitOf(retryAfter, now)
  return { ok: false, status, answer, error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** Seconds or a date; never more than a day. */
function waitOf(retryAfter: string, now: number): number | undefined {
  const ms = /^[0-9]{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MOST_WAIT_MS) : undefined
}

const MOST_WAIT_MS = 86_400_000
