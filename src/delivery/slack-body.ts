/** An event as Slack's incoming webhooks take it. Mattermost, Rocket.Chat, Google's and Discord's Slack paths read the `text`. */
import { messageOf, type TellableEvent } from '../core/event-message.ts'
import type { Parcel } from './attempt.ts'

export function slackBody({ body }: Pick<Parcel, 'body'>): string {
  const { headline, facts, next, link } = messageOf(JSON.parse(body) as TellableEvent)
  const lines = facts.map(([name, value]) => `• ${escaped(name)}: ${escaped(value)}`)
  const text = [`*${escaped(headline)}*`, ...lines, escaped(next), ...(link === null ? [] : [escaped(link)])].join('\n')
  return JSON.stringify({ text })
}

/** Else a name could link, mention a channel or wake everybody in it. */
const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\s+/g, ' ')
