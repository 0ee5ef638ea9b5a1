/** Secrets at providers that calls are made with in place of the server's own: shown by their end alone. */
import { Button, Group, Text } from '@mantine/core'
import type { Credential, CredentialCheck } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { useAccountNames } from '../names.ts'
import { milliseconds } from '../numbers.ts'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'
import { AddCredential, ReplaceSecret } from './settings-credential-forms.tsx'

type Asked = { readonly what: 'replace' | 'delete'; readonly of: Credential }

export function Credentials({ isAdmin }: { isAdmin: boolean }) {
  const adding = useDialog<true>()
  const asked = useDialog<Asked>()
  const [verdicts, setVerdicts] = useState<Readonly<Record<string, CredentialCheck>>>({})
  const check = async (id: string) => {
    const verdict = (await client.admin.checkCredential(id)).check
    setVerdicts((before) => ({ ...before, [id]: verdict }))
  }
  /** A secret that was just entered is asked about at once; whether that failed, the button beside it tells. */
  const entered = ({ id }: Credential) => {
    adding.close()
    asked.close()
    void check(id).catch(() => undefined)
  }
  const list = usePagedList(
    ['credentials'],
    (start) => client.admin.listCredentials({ limit: 25, ...start }),
    ({ credentials }) => credentials,
  )
  const actions: ColumnOf<Credential> = {
    head: 'Actions',
    cell: (credential) => <Actions {...{ credential, check, ask: asked.open }} verdict={verdicts[credential.id]} />,
  }
  const add = isAdmin && (
    <Button size="xs" onClick={() => adding.open(true)}>
      Add credential
    </Button>
  )
  return (
    <Section title="Provider credentials" actions={add}>
      <Text size="sm" c="dimmed" mb="xs">
        Calls on a credential go to its provider on its owner&apos;s bill. Which providers there are, turnpike.yaml and
        the environment say.
      </Text>
      <PagedList list={list} what="Credentials" empty="There is none: calls are made with the server's own secrets.">
        {(rows, isWhole) => (
          <DataTable
            caption="Provider credentials"
            width={900}
            columns={isAdmin ? [...COLUMNS, actions] : COLUMNS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'credentials' : undefined}
          />
        )}
      </PagedList>
      {adding.subject && <AddCredential onClose={adding.close} onEntered={entered} />}
      {asked.subject?.what === 'replace' && (
        <ReplaceSecret credential={asked.subject.of} onClose={asked.close} onEntered={entered} />
      )}
      {asked.subject?.what === 'delete' && (
        <Confirm
          title={`Delete ${asked.subject.of.name}`}
          submit="Delete"
          change={() => client.admin.deleteCredential(asked.subject?.of.id ?? '')}
          onClose={asked.close}
        >
          No call uses it from now on, and its secret is gone. What calls on it cost stays in the reports.
        </Confirm>
      )}
    </Section>
  )
}

const COLUMNS: readonly ColumnOf<Credential>[] = [
  { head: 'Name', isHead: true, by: ({ name }) => name, cell: ({ name }) => name },
  { head: 'Provider', by: ({ provider }) => provider, cell: ({ provider }) => provider },
  { head: 'Secret', look: { ff: 'monospace' }, cell: ({ label }) => label },
  { head: 'Of', cell: (credential) => <Owner credential={credential} /> },
  {
    head: 'Last use',
    by: ({ lastUsedAt }) => lastUsedAt,
    cell: ({ lastUsedAt }) => <When at={lastUsedAt} none="never" />,
  },
  { head: 'State', by: ({ status }) => status, cell: (credential) => <CredentialState credential={credential} /> },
]

function Owner({ credential: { accountId, apiKeyHashes } }: { readonly credential: Credential }) {
  const accounts = useAccountNames()
  return (
    <>
      {accountId === null ? 'the organisation' : (accounts.get(accountId) ?? accountId)}
      {apiKeyHashes !== null && <Small>{apiKeyHashes.length} of its API keys</Small>}
    </>
  )
}

type ActionProps = {
  readonly credential: Credential
  readonly verdict: CredentialCheck | undefined
  readonly check: (id: string) => Promise<void>
  readonly ask: (asked: Asked) => void
}

function Actions({ credential, verdict, check, ask }: ActionProps) {
  const { id, name, disabled } = credential
  const checking = useChange(() => check(id))
  const change = useChange(() => client.admin.updateCredential(id, { disabled: !disabled }))
  return (
    <>
      <Group gap={4} wrap="nowrap">
        <RowButton of={name} label="Check" isBusy={checking.isPending} onClick={() => checking.mutate()} />
        <RowButton of={name} label="Replace secret" onClick={() => ask({ what: 'replace', of: credential })} />
        <RowButton
          of={name}
          label={disabled ? 'Enable' : 'Disable'}
          isBusy={change.isPending}
          onClick={() => change.mutate()}
        />
        <RowButton of={name} label="Delete" isDanger onClick={() => ask({ what: 'delete', of: credential })} />
      </Group>
      {verdict && <Checked of={name} check={verdict} />}
      <Refused error={checking.error ?? change.error} />
    </>
  )
}

const TONES = { active: 'good', disabled: 'off', cooling: 'warn', unreadable: 'bad' } as const

const CredentialState = ({ credential: { status, coolingUntil, coolingReason } }: { credential: Credential }) => (
  <>
    <StateBadge tone={TONES[status]}>{status}</StateBadge>
    {coolingUntil !== null && (
      <Small>
        {coolingReason}, others come first until <When at={coolingUntil} />
      </Small>
    )}
    {status === 'unreadable' && <Small>It was sealed with another key: replace its secret.</Small>}
  </>
)

/** In the provider's own words, as far as it had any. */
const Checked = ({ of, check: { valid, status, message, latencyMs } }: { of: string; check: CredentialCheck }) => (
  <Text size="sm" role="status" aria-label={`Check of ${of}`} maw={420} style={{ overflowWrap: 'anywhere' }}>
    <b>{valid === null ? 'Not known' : valid ? 'Taken' : 'Refused'}</b>
    {status === null ? ': no answer' : `: ${status}`} after {milliseconds(latencyMs)}
    {message !== null && <Small>{message}</Small>}
  </Text>
)
