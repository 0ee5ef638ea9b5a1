/** Keys that administer the organisation, for programs: made, disabled, rotated, deleted. */
import { Button, Group, NativeSelect, Text, TextInput } from '@mantine/core'
import type { ManagementKey } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, FormDialog, useDialog } from '../dialog.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Rotate } from '../rotate.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { SecretDialog } from '../secret.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'

type Issued = { readonly managementKey: ManagementKey; readonly key: string }
type Asked = { readonly what: 'rotate' | 'delete'; readonly of: ManagementKey }

export function ManagementKeys({ isAdmin }: { isAdmin: boolean }) {
  const creating = useDialog<true>()
  const issued = useDialog<Issued>()
  const asked = useDialog<Asked>()
  const list = usePagedList(
    ['management-keys'],
    (start) => client.admin.listManagementKeys({ limit: 25, ...start }),
    ({ managementKeys }) => managementKeys,
  )
  const actions: ColumnOf<ManagementKey> = {
    head: 'Actions',
    cell: (each) => <Actions managementKey={each} ask={asked.open} />,
  }
  const show = (made: Issued) => {
    creating.close()
    asked.close()
    issued.open(made)
  }
  const create = isAdmin && (
    <Button size="xs" onClick={() => creating.open(true)}>
      Create management key
    </Button>
  )
  return (
    <Section title="Management keys" actions={create}>
      <PagedList
        list={list}
        what="Management keys"
        empty="There is none. A program needs one to administer the organisation; the operator's own is not listed."
      >
        {(rows, isWhole) => (
          <DataTable
            caption="Management keys"
            width={760}
            columns={isAdmin ? [...COLUMNS, actions] : COLUMNS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'management-keys' : undefined}
          />
        )}
      </PagedList>
      {creating.subject && <Create onClose={creating.close} onIssued={show} />}
      {issued.subject && (
        <SecretDialog
          title={`Management key ${issued.subject.managementKey.name}`}
          label="Secret of the management key"
          secret={issued.subject.key}
          onClose={issued.close}
        >
          <Text>
            Send it as <code>Authorization: Bearer …</code>, or set <code>TURNPIKE_API_KEY</code> for the command line.
          </Text>
        </SecretDialog>
      )}
      {asked.subject?.what === 'rotate' && (
        <Rotate
          name={asked.subject.of.name}
          keeps="The key keeps its name and its role."
          rotate={(grace) => client.admin.rotateManagementKey(asked.subject?.of.id ?? '', grace)}
          onClose={asked.close}
          onIssued={show}
        />
      )}
      {asked.subject?.what === 'delete' && (
        <Confirm
          title={`Delete ${asked.subject.of.name}`}
          submit="Delete"
          change={() => client.admin.deleteManagementKey(asked.subject?.of.id ?? '')}
          onClose={asked.close}
        >
          Whatever administers with it is refused from now on. What it did stays in the audit log.
        </Confirm>
      )}
    </Section>
  )
}

const COLUMNS: readonly ColumnOf<ManagementKey>[] = [
  { head: 'Name', isHead: true, by: ({ name }) => name, cell: ({ name }) => name },
  { head: 'Key', look: { ff: 'monospace' }, cell: ({ label }) => label },
  { head: 'Role', by: ({ role }) => role, cell: ({ role }) => role },
  {
    head: 'Last use',
    by: ({ lastUsedAt }) => lastUsedAt,
    cell: ({ lastUsedAt }) => <When at={lastUsedAt} none="never" />,
  },
  {
    head: 'State',
    cell: ({ disabled, previousSecretUntil }) => (
      <>
        <StateBadge tone={disabled ? 'off' : 'good'}>{disabled ? 'disabled' : 'active'}</StateBadge>
        {previousSecretUntil !== null && (
          <Small>
            old secret until <When at={previousSecretUntil} />
          </Small>
        )}
      </>
    ),
  },
]

type ActionProps = { readonly managementKey: ManagementKey; readonly ask: (asked: Asked) => void }

function Actions({ managementKey: key, ask }: ActionProps) {
  const change = useChange(() => client.admin.updateManagementKey(key.id, { disabled: !key.disabled }))
  return (
    <>
      <Group gap={4} wrap="nowrap">
        <RowButton of={key.name} label="Rotate" onClick={() => ask({ what: 'rotate', of: key })} />
        <RowButton
          of={key.name}
          label={key.disabled ? 'Enable' : 'Disable'}
          isBusy={change.isPending}
          onClick={() => change.mutate()}
        />
        <RowButton of={key.name} label="Delete" isDanger onClick={() => ask({ what: 'delete', of: key })} />
      </Group>
      <Refused error={change.error} />
    </>
  )
}

function Create({ onClose, onIssued }: { onClose: () => void; onIssued: (issued: Issued) => void }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<ManagementKey['role']>('reader')
  const create = useChange(() => client.createManagementKey({ name: name.trim(), role }), onIssued)
  return (
    <FormDialog title="Create management key" submit="Create" change={create} onClose={onClose}>
      <TextInput label="Name" required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <NativeSelect
        label="Role"
        description="A reader changes nothing. The role stays."
        data={['reader', 'admin']}
        value={role}
        onChange={(e) => setRole(e.currentTarget.value === 'admin' ? 'admin' : 'reader')}
      />
    </FormDialog>
  )
}
