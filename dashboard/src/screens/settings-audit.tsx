/** Who changed what, newest first. Nothing of it is ever changed. */
import { Code, Group, Table, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { client } from '../client.ts'
import { Elsewhere } from '../elsewhere.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Rows } from '../rows.tsx'
import { Section } from '../section.tsx'
import { When } from '../when.tsx'

const HEADS = ['Time', 'Who', 'What', 'Of what', 'Before', 'From then on']

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
        {(rows) => (
          <Rows caption="Audit log" width={900} heads={HEADS}>
            {rows.map(({ id, createdAt, actor, action, target, before, after }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <When at={createdAt} exact />
                </Table.Td>
                <Table.Td>{actor}</Table.Td>
                <Table.Td>{action}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{target}</Table.Td>
                <Value of={before} />
                <Value of={after} />
              </Table.Tr>
            ))}
          </Rows>
        )}
      </PagedList>
    </Section>
  )
}

const Value = ({ of }: { of: object | null }) => (
  <Table.Td style={{ overflowWrap: 'anywhere' }}>{of !== null && <Code>{JSON.stringify(of)}</Code>}</Table.Td>
)
