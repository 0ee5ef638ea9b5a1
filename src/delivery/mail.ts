/** Events by e-mail: one mail an event, text and HTML, its Message-ID from the event's id so that a repetition is known as one. */
import type { SendMailOptions } from 'nodemailer'
import { type EventMessage, messageOf, type TellableEvent } from '../core/event-message.ts'
import type { Attempt, Parcel } from './attempt.ts'

export type Mailer = {
  send(to: readonly string[], parcel: Parcel): Promise<Attempt>
  /** Greets the server, with user and password where they are set, and sends nothing. */
  reach(): Promise<Attempt>
  close(): void
}

export type SmtpSettings = { readonly url: string; readonly from: string }

const CONNECT_MS = 15_000

/** The library is loaded with the first mail. */
export function createMailer({ url, from }: SmtpSettings): Mailer {
  let opening: ReturnType<typeof open> | undefined
  const open = async () => {
    const { createTransport } = await import('nodemailer')
    const limits = { connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: CONNECT_MS }
    return createTransport({ url, ...limits, disableFileAccess: true, disableUrlAccess: true })
  }
  return {
    async send(to, parcel) {
      opening ??= open()
      try {
        const { response } = await (await opening).sendMail(mailOf(from, to, parcel))
        return { ok: true, status: null, answer: String(response).slice(0, MOST_SHOWN) }
      } catch (error) {
        return failed(error)
      }
    },
    async reach() {
      opening ??= open()
      try {
        await (await opening).verify()
        return { ok: true, status: null, answer: '' }
      } catch (error) {
        return failed(error)
      }
    },
    close: () => void opening?.then((transport) => transport.close()),
  }
}

const MOST_SHOWN = 500

function failed(error: unknown): Attempt {
  const { responseCode, response, code } = error as { responseCode?: number; response?: string; code?: string }
  const said = response === undefined ? '' : `: ${response}`
  return {
    ok: false,
    status: responseCode ?? null,
    error: `the mail server did not take it (${code ?? 'unknown'})${said}`.slice(0, MOST_SHOWN),
  }
}

function mailOf(from: string, to: readonly string[], { eventId, body }: Parcel): SendMailOptions {
  const message = messageOf(JSON.parse(body) as TellableEvent)
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '') || 'turnpike'
  return {
    from,
    to: [...to],
    subject: message.headline.replace(/\s+/g, ' ').slice(0, 200),
    messageId: `<${eventId}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Turnpike-Event': eventId },
    text: textOf(message),
    html: htmlOf(message),
  }
}

const textOf = ({ headline, facts, next, link }: EventMessage): string =>
  [headline, '', ...facts.map(([name, value]) => `${name}: ${value}`), '', next, ...(link ? ['', link] : []), ''].join(
    '\n',
  )

const htmlOf = ({ headline, facts, next, link }: EventMessage): string =>
  `<!doctype html><html><body style="font-family:sans-serif"><h2>${escaped(headline)}</h2><table>${facts
    .map(([name, value]) => `<tr><td style="padding-right:1em">${escaped(name)}</td><td>${escaped(value)}</td></tr>`)
    .join(
      '',
    )}</table><p>${escaped(next)}</p>${link ? `<p><a href="${escaped(link)}">${escaped(link)}</a></p>` : ''}</body></html>\n`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
