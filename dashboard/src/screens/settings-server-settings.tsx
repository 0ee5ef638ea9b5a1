/** The settings that the server runs with, each with where it comes from. They are changed there, and not here. */
import { Badge, Group, Switch, Text } from '@mantine/core'
import type { EffectiveSetting, ServerState } from '@turnpike/sdk'
import { useState } from 'react'
import { whole } from '../numbers.ts'
import { Section } from '../section.tsx'
import { type ColumnOf, DataTable } from '../table.tsx'

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
        <DataTable
          caption="Settings of the server"
          width={600}
          columns={COLUMNS}
          rows={shown}
          idOf={({ setting }) => setting}
        />
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

const BREAKING = { style: { overflowWrap: 'anywhere' } } as const

const COLUMNS: readonly ColumnOf<EffectiveSetting>[] = [
  { head: 'Setting', isHead: true, look: BREAKING, cell: ({ setting }) => <code>{setting}</code> },
  {
    head: 'Value',
    look: BREAKING,
    cell: ({ value }) => (Array.isArray(value) ? value.join(', ') || 'none' : String(value)),
  },
  {
    head: 'From',
    cell: ({ origin, place }) => (
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
    ),
  },
]
