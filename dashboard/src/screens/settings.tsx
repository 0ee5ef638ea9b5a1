import { Code, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { client } from '../client.ts'
import { Invite } from '../invite.tsx'
import { instant } from '../numbers.ts'
import { Page } from '../page.tsx'
import { Problem } from '../problem.tsx'
import { useSession } from '../session.ts'
import { Loading } from '../states.tsx'

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
        <Part title="Members">
          {role === 'admin' && <Invite />}
          <Members timeZone={organisation.timeZone} />
        </Part>
        <Part title="Audit log">
          <Audit timeZone={organisation.timeZone} />
        </Part>
      </Stack>
    </Page>
  )
}

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <section aria-label={title}>
    <Title order={2} size="h4" mb="xs">
      {title}
    </Title>
    {children}
  </section>
)

type Zoned = { readonly timeZone: string }

function Members({ timeZone }: Zoned) {
  const { data, error, refetch } = useQuery({
    queryKey: ['members'],
    queryFn: () => client.admin.listMembers({ limit: 100 }),
  })
  if (error !== null) return <Problem error={error} doing="Members could not be loaded" retry={refetch} />
  if (data === undefined) return <Loading />
  return (
    <Rows name="Members" heads={['E-mail', 'Name', 'Role', 'Status', 'Since']}>
      {data.members.map(({ id, email, name, role, status, createdAt }) => (
        <Table.Tr key={id}>
          <Table.Td>{email ?? 'whoever opens the link'}</Table.Td>
          <Table.Td>{name ?? ''}</Table.Td>
          <Table.Td>{role}</Table.Td>
          <Table.Td>{status}</Table.Td>
          <Table.Td>{instant(createdAt, timeZone)}</Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  )
}

function Audit({ timeZone }: Zoned) {
  const query = { limit: 50 }
  const { data, error, refetch } = useQuery({
    queryKey: ['audit', query],
    queryFn: () => client.admin.listAudit(query),
  })
  if (error !== null) return <Problem error={error} doing="The audit log could not be loaded" retry={refetch} />
  if (data === undefined) return <Loading />
  return (
    <Rows name="Audit log" heads={['Time', 'Who', 'What', 'Of what', 'From then on']}>
      {data.entries.map(({ id, createdAt, actor, action, target, after }) => (
        <Table.Tr key={id}>
          <Table.Td>{instant(createdAt, timeZone)}</Table.Td>
          <Table.Td>{actor}</Table.Td>
          <Table.Td>{action}</Table.Td>
          <Table.Td style={{ overflowWrap: 'anywhere' }}>{target}</Table.Td>
          <Table.Td style={{ overflowWrap: 'anywhere' }}>
            {after === null ? '' : <Code>{JSON.stringify(after)}</Code>}
          </Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  )
}

type RowsProps = { readonly name: string; readonly heads: readonly string[]; readonly children: ReactNode }

const Rows = ({ name, heads, children }: RowsProps) => (
  <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
    <Table aria-label={name} tabularNums>
      <Table.Thead>
        <Table.Tr>
          {heads.map((head) => (
            <Table.Th key={head}>{head}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>{children}</Table.Tbody>
    </Table>
  </Table.ScrollContainer>
)
