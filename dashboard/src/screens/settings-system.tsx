/** What runs here: version, store, providers, and what waits. */
import { Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { System } from '@turnpike/sdk'
import { Loaded } from '../loaded.tsx'
import { whole } from '../numbers.ts'
import { Section } from '../section.tsx'
import { useSystem } from '../system.ts'
import { When } from '../when.tsx'
import { Fact, ServerFacts } from './settings-server.tsx'
import { ServerSettings } from './settings-server-settings.tsx'

export function SystemState() {
  const query = useSystem()
  return (
    <>
      <Section title="System">
        <Loaded query={query} what="The state of the system">
          {({ system }) => <Facts system={system} />}
        </Loaded>
      </Section>
      {query.data?.system.server?.settings && <ServerSettings server={query.data.system.server} />}
    </>
  )
}

const STORES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const

const Facts = ({ system }: { system: System }) => (
  <Table aria-label="System" tabularNums w="auto">
    <Table.Tbody>
      <Fact name="Turnpike">
        {system.version} on Node {system.node}, {STORES[system.store]}
      </Fact>
      <Fact name="Runs since">
        <When at={system.startedAt} />
      </Fact>
      <Fact name="Prices">
        {system.catalogue.source}, <Link to="/models">{whole(system.catalogue.models)} models</Link>
      </Fact>
      <Fact name="Calls go to">
        <Providers system={system} />
      </Fact>
      <Fact name="Deliveries">
        <Link to="/alerts">
          {whole(system.deliveries.waiting)} waiting, {whole(system.deliveries.failed)} given up
        </Link>
      </Fact>
      <Fact name="Calls without a price">
        <Link to="/models">{whole(system.unpricedCalls)} in 30 days</Link>
      </Fact>
      {system.server && <ServerFacts server={system.server} />}
    </Table.Tbody>
  </Table>
)

const ORIGINS = {
  environment: 'from the environment',
  file: 'from turnpike.yaml',
  simulator: 'answers by itself: no money moves',
} as const

const Providers = ({ system: { providers } }: { system: System }) =>
  providers.length === 0 ? (
    <Text>Nobody: no provider is configured.</Text>
  ) : (
    providers.map(({ key, name, origin }) => (
      <div key={key}>
        {name} {key !== name.toLowerCase() && <code>{key}</code>} {ORIGINS[origin]}
      </div>
    ))
  )
