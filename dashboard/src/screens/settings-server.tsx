/** What those who run the server see beside: its database, what waits, the disk, its nodes, the last proof of the ledger. */
import { Table } from '@mantine/core'
import type { ServerState } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { bytes, whole } from '../numbers.ts'
import { When } from '../when.tsx'

export const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <Table.Tr>
    <Table.Th scope="row">{name}</Table.Th>
    <Table.Td style={{ overflowWrap: 'anywhere' }}>{children}</Table.Td>
  </Table.Tr>
)

export const ServerFacts = ({ server }: { server: ServerState }) => (
  <>
    <Fact name="Migrations">
      <Migrations {...server.migrations} />
    </Fact>
    <Fact name="Waiting">
      <Queues {...server.queues} />
    </Fact>
    <Fact name="Storage">
      Database {bytes(server.storage.databaseBytes)}, {bytes(server.storage.freeBytes)} free in the data folder
    </Fact>
    {server.nodes && (
      <Fact name="Nodes">
        <Nodes nodes={server.nodes} />
      </Fact>
    )}
    <Fact name="Last verify">
      <LastVerify verified={server.lastVerify} />
    </Fact>
  </>
)

const Migrations = ({ applied, last, open, unknown }: ServerState['migrations']) => (
  <>
    {whole(applied)} applied, the last one {last ?? 'none'}
    {open > 0 && <div>{whole(open)} open: restart the server, which runs them.</div>}
    {unknown > 0 && <div>{whole(unknown)} by a newer version: update this server.</div>}
  </>
)

const Queues = ({ events, deliveries, reservations, commands, journal }: ServerState['queues']) => (
  <>
    {whole(events)} events, {whole(deliveries)} deliveries, {whole(reservations)} open reservations, {whole(commands)}{' '}
    commands of the ledger
    {journal && (
      <div>
        Journal: {whole(journal.settles)} calls that are not settled yet, {bytes(journal.bytes)} of{' '}
        {bytes(journal.mostBytes)}
      </div>
    )}
  </>
)

const Nodes = ({ nodes }: { nodes: NonNullable<ServerState['nodes']> }) =>
  nodes.map(({ node, isThis, leaseUntil }) => (
    <div key={node}>
      Node {node}
      {isThis && ', which answers here'}: lease until <When at={leaseUntil} exact />
    </div>
  ))

function LastVerify({ verified }: { verified: ServerState['lastVerify'] }) {
  if (verified === null)
    return (
      <>
        Never: run <code>turnpike verify</code>
      </>
    )
  const { at, differences, repaired, rows } = verified
  return (
    <>
      <When at={at} />:{' '}
      {differences === 0 ? 'no difference' : `${whole(differences)} differences, ${whole(repaired)} repaired`} in{' '}
      {whole(rows)} rows
    </>
  )
}
