import { Code, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'
import { Invite } from '../invite.tsx'
import { Loaded } from '../loaded.tsx'
import { Page } from '../page.tsx'
import { Rows } from '../rows.tsx'
import { Section } from '../section.tsx'
import { useSession } from '../session.ts'
import { Loading } from '../states.tsx'
import { When } from '../when.tsx'

export function SettingsScreen() {
  const { data } = useSession()
  if (data === undefined)
    return (
      <Page title="Settings">
        <Loading />
      </Page>
    )
  const { organisation, role } = data.session
  return (
    <Page title="Settings">
      <Text size="sm">
        {organisation.name}: days and months begin in {organisation.timeZone}. You are {role}.
      </Text>
      <Stack gap="lg">
        <Section title="Members">
          {role === 'admin' && <Invite />}
          <Members />
        </Section>
        <Section title="Audit log">
          <Audit />
        </Section>
      </Stack>
    </Page>
  )
}

function Members() {
  const list = useQuery({
    queryKey: ['members'],
    queryFn: () => client.admin.listMembers({ limit: 100 }),
  })
  return (
    <Loaded query={list} what="Members">
      {({ members }) => (
        <Rows caption="Members" width={640} heads={['E-mail', 'Name', 'Role', 'Status', 'Since']}>
          {members.map(({ id, email, name, role, status, createdAt }) => (
            <Table.Tr key={id}>
              <Table.Td>{email ?? 'whoever opens the link'}</Table.Td>
              <Table.Td>{name ?? ''}</Table.Td>
              <Table.Td>{role}</Table.Td>
              <Table.Td>{status}</Table.Td>
              <Table.Td>
                <When at={createdAt} exact />
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
    </Loaded>
  )
}

function Audit() {
  const query = { limit: 50 }
  const audit = useQuery({
    queryKey: ['audit', query],
    queryFn: () => client.admin.listAudit(query),
  })
  return (
    <Loaded query={audit} what="The audit log">
      {({ entries }) => (
        <Rows caption="Audit log" width={640} heads={['Time', 'Who', 'What', 'Of what', 'From then on']}>
          {entries.map(({ id, createdAt, actor, action, target, after }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <When at={createdAt} exact />
              </Table.Td>
              <Table.Td>{actor}</Table.Td>
              <Table.Td>{action}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{target}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {after === null ? '' : <Code>{JSON.stringify(after)}</Code>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
    </Loaded>
  )
}
