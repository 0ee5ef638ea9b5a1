/** The settings that the server runs with, each with where it comes from. They are changed there, and not here. */
import { Badge, Group, Switch, Table, Text } from '@mantine/core'
import type { EffectiveSetting, ServerState } from '@turnpike/sdk'
import { useState } from 'react'
import { whole } from '../numbers.ts'
import { Rows } from '../rows.tsx'
import { Section } from '../section.tsx'

export function ServerSettings({ server: { settings, settingsLeftOut } }: { server: ServerState }) {
  const [showsAll, setShowsAll] = useState(false)
  const all = settings ?? []
  const shown = showsAll ? all : all.filter(({ origin }) => origin !== 'default')
  const actions = (
    <Switch
      label={`Also the ${whole(all.filter(({ origin }) => origin === 'default').length)} that have their default`}
      checked={showsAll}
      onChange={({ currentTarget }) => setShowsAll(currentTarget.checked)}
    />
  )
  return (
    <Section title="Settings of the server" actions={actions}>
      <Text size="sm" c="dimmed" mb="xs">
        Read-only here: change what is from turnpike.yaml in that file, and the rest in the environment.
      </Text>
      {shown.length === 0 ? (
        <Text>Every setting has its default.</Text>
      ) : (
        <Rows caption="Settings of the server" width={600} heads={['Setting', 'Value', 'From']}>
          {shown.map((setting) => (
            <Row key={setting.setting} {...setting} />
          ))}
        </Rows>
      )}
      {settingsLeftOut > 0 && (
        <Text size="sm" mt="xs">
          {whole(settingsLeftOut)} more: <code>turnpike config print</code> tells all.
        </Text>
      )}
    </Section>
  )
}

const ORIGINS = {
  default: 'default',
  preset: 'preset',
  file: 'from turnpike.yaml',
  environment: 'environment',
  option: 'option',
} as const

const Row = ({ setting, value, origin, place }: EffectiveSetting) => (
  <Table.Tr>
    <Table.Th scope="row" fw="normal" style={{ overflowWrap: 'anywhere' }}>
      <code>{setting}</code>
    </Table.Th>
    <Table.Td style={{ overflowWrap: 'anywhere' }}>
      {Array.isArray(value) ? value.join(', ') || 'none' : String(value)}
    </Table.Td>
    <Table.Td>
      <Group gap="xs">
        <Badge variant="default" tt="none">
          {ORIGINS[origin]}
        </Badge>
        {place !== null && (
          <Text size="sm" c="dimmed" span style={{ overflowWrap: 'anywhere' }}>
            {place}
          </Text>
        )}
      </Group>
    </Table.Td>
  </Table.Tr>
)
