/** Alerts: who is told of what, what went to them, and what happened at all. */
import { Button, Text } from '@mantine/core'
import type { WebhookEvent } from '@turnpike/sdk'
import { client } from '../client.ts'
import { useDialog } from '../dialog.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Section } from '../section.tsx'
import { useIsAdmin } from '../session.ts'
import { type ColumnOf, DataTable } from '../table.tsx'
import { When } from '../when.tsx'
import { ChannelSecret, CreateChannel, type Made } from './alerts-channel-forms.tsx'
import { Channels } from './alerts-channels.tsx'
import { Deliveries } from './alerts-deliveries.tsx'
import { LowCredit } from './alerts-low-credit.tsx'

export function AlertsScreen() {
  const isAdmin = useIsAdmin()
  const creating = useDialog<true>()
  const made = useDialog<Made>()
  const show = (channel: Made) => {
    creating.close()
    if (channel.secret !== undefined) made.open(channel)
  }
  return (
    <Page title="Alerts" actions={isAdmin && <Button onClick={() => creating.open(true)}>Create channel</Button>}>
      <Text c="dimmed">When credit runs low, a budget is met or something else needs a person.</Text>
      <Channels isAdmin={isAdmin} />
      <LowCredit isAdmin={isAdmin} />
      <Deliveries isAdmin={isAdmin} />
      <Events />
      {creating.subject && <CreateChannel onClose={creating.close} onMade={show} />}
      {made.subject && <ChannelSecret made={made.subject} isNew onClose={made.close} />}
    </Page>
  )
}

function Events() {
  const list = usePagedList(
    ['events'],
    (start) => client.alerts.listEvents({ limit: 20, ...start }),
    ({ events }) => events,
  )
  return (
    <Section title="Recent events">
      <PagedList list={list} what="Events" empty="Nothing has happened that anybody is told of.">
        {(rows, isWhole) => (
          <DataTable
            caption="Recent events"
            width={640}
            columns={EVENTS}
            rows={rows}
            idOf={({ data }) => data.eventId}
            sortedAs={isWhole ? 'events' : undefined}
          />
        )}
      </PagedList>
    </Section>
  )
}

const EVENTS: readonly ColumnOf<WebhookEvent>[] = [
  { head: 'When', by: ({ timestamp }) => timestamp, cell: ({ timestamp }) => <When at={timestamp} /> },
  { head: 'Event', isHead: true, by: ({ type }) => type, cell: ({ type }) => type },
  { head: 'About', by: ({ data }) => aboutOf(data), cell: ({ data }) => aboutOf(data) },
  { head: 'What happens next', cell: ({ data }) => data.next },
]

/** What people call the thing that it happened to. */
function aboutOf(data: object): string {
  const named = data as { name?: string; externalId?: string | null; model?: string }
  return named.name ?? named.externalId ?? named.model ?? ''
}
