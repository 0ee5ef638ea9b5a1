/** Who changed what, newest first. Nothing of it is ever changed. */
import { Code, Group, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { AuditEntry } from '@turnpike/sdk'
import { useState } from 'react'
import { client } from '../client.ts'
import { Elsewhere } from '../elsewhere.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Section } from '../section.tsx'
import { type ColumnOf, DataTable } from '../table.tsx'
import { When } from '../when.tsx'

export function Audit() {
  const [said, setSaid] = useState({ actor: '', action: '', target: '' })
  const [asked] = useDebouncedValue(said, 300)
  const filter = Object.fromEntries(
    Object.entries(asked).flatMap(([name, value]) => (value.trim() === '' ? [] : [[name, value.trim()]])),
  )
  const list = usePagedList(
    ['audit', filter],
    (start) => client.admin.listAudit({ limit: 25, ...filter, ...start }),
    ({ entries }) => entries,
  )
  const csv = `/api/admin/audit?${new URLSearchParams({ ...filter, format: 'csv' })}`
  const field = (name: keyof typeof said, label: string, placeholder: string) => (
    <TextInput
      {...{ label, placeholder }}
      size="xs"
      value={said[name]}
      onChange={({ currentTarget: { value } }) => setSaid((before) => ({ ...before, [name]: value }))}
    />
  )
  const actions = (
    <Group gap="xs">
      <Elsewhere href={csv} />
    </Group>
  )
  return (
    <Section title="Audit log" actions={actions}>
      <Group gap="sm" mb="sm" role="search" aria-label="Audit log">
        {field('actor', 'Who', 'member:ann@example.com')}
        {field('action', 'What', 'key, or key.update')}
        {field('target', 'Of what', 'key_…')}
      </Group>
      <PagedList
        list={list}
        what="The audit log"
        empty={
          Object.keys(filter).length === 0 ? 'Nothing was changed yet.' : 'No change matches. Clear the fields above.'
        }
      >
        {(rows) => <DataTable caption="Audit log" width={900} columns={COLUMNS} rows={rows} idOf={({ id }) => id} />}
      </PagedList>
    </Section>
  )
}

const ANYWHERE = { style: { overflowWrap: 'anywhere' } } as const

const COLUMNS: readonly ColumnOf<AuditEntry>[] = [
  { head: 'Time', cell: ({ createdAt }) => <When at={createdAt} exact /> },
  { head: 'Who', cell: ({ actor }) => actor },
  { head: 'What', cell: ({ action }) => action },
  { head: 'Of what', look: ANYWHERE, cell: ({ target }) => target },
  { head: 'Before', look: ANYWHERE, cell: ({ before }) => <Value of={before} /> },
  { head: 'From then on', look: ANYWHERE, cell: ({ after }) => <Value of={after} /> },
]

const Value = ({ of }: { of: object | null }) => of !== null && <Code>{JSON.stringify(of)}</Code>
