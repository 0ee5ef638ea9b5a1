/** The people of the organisation: invited, given another role, removed. */
import { Button, Group, NativeSelect, Text, TextInput } from '@mantine/core'
import type { Member } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, FormDialog, useDialog } from '../dialog.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { SecretDialog } from '../secret.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'

type Props = { readonly isAdmin: boolean; readonly ownId: string | undefined }

export function Members({ isAdmin, ownId }: Props) {
  const inviting = useDialog<true>()
  const invited = useDialog<Invited>()
  const removing = useDialog<Member>()
  const list = usePagedList(
    ['members'],
    (start) => client.admin.listMembers({ limit: 50, ...start }),
    ({ members }) => members,
  )
  const actions: ColumnOf<Member> = {
    head: 'Actions',
    cell: (member) => <Actions member={member} remove={() => removing.open(member)} />,
  }
  const invite = isAdmin && (
    <Button size="xs" onClick={() => inviting.open(true)}>
      Invite
    </Button>
  )
  return (
    <Section title="Members" actions={invite}>
      <PagedList list={list} what="Members" empty="Nobody is a member yet.">
        {(rows, isWhole) => (
          <DataTable
            caption="Members"
            width={640}
            columns={isAdmin ? [...columnsFor(ownId), actions] : columnsFor(ownId)}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'members' : undefined}
          />
        )}
      </PagedList>
      {inviting.subject && (
        <Invite
          onClose={inviting.close}
          onInvited={(made) => {
            inviting.close()
            invited.open(made)
          }}
        />
      )}
      {invited.subject && (
        <SecretDialog
          title={`Invitation of ${nameOf(invited.subject.member)}`}
          label="Link of the invitation"
          secret={invited.subject.link}
          onClose={invited.close}
        >
          <Text>Hand the link over yourself: no mail is sent. It works once, for three days.</Text>
        </SecretDialog>
      )}
      {removing.subject && (
        <Confirm
          title={`Remove ${nameOf(removing.subject)}`}
          submit="Remove"
          change={() => client.admin.removeMember(removing.subject?.id ?? '')}
          onClose={removing.close}
        >
          {removing.subject.status === 'invited'
            ? 'The link of the invitation works no more.'
            : 'Every session of this person ends now. What they did stays in the audit log.'}
        </Confirm>
      )}
    </Section>
  )
}

const nameOf = ({ email }: Member): string => email ?? 'whoever has the link'

const columnsFor = (ownId: string | undefined): readonly ColumnOf<Member>[] => [
  {
    head: 'Person',
    isHead: true,
    look: { style: { overflowWrap: 'anywhere' } },
    by: nameOf,
    cell: (member) => (
      <>
        {nameOf(member)}
        {member.id === ownId && ' (you)'}
        {member.name !== null && <Small>{member.name}</Small>}
      </>
    ),
  },
  { head: 'Role', by: ({ role }) => role, cell: ({ role }) => role },
  {
    head: 'State',
    by: ({ status }) => status,
    cell: ({ status, invitedUntil }) => (
      <>
        <StateBadge tone={status === 'active' ? 'good' : 'warn'}>{status}</StateBadge>
        {invitedUntil !== null && (
          <Small>
            until <When at={invitedUntil} />
          </Small>
        )}
      </>
    ),
  },
  {
    head: 'Since',
    by: ({ joinedAt, createdAt }) => joinedAt ?? createdAt,
    cell: ({ joinedAt, createdAt }) => <When at={joinedAt ?? createdAt} />,
  },
]

function Actions({ member, remove }: { readonly member: Member; readonly remove: () => void }) {
  const { id, role, status } = member
  const who = nameOf(member)
  const change = useChange(() => client.admin.updateMember(id, { role: role === 'admin' ? 'reader' : 'admin' }))
  return (
    <>
      <Group gap={4} wrap="nowrap">
        <RowButton
          of={who}
          label={role === 'admin' ? 'Make reader' : 'Make admin'}
          isBusy={change.isPending}
          onClick={() => change.mutate()}
        />
        <RowButton of={who} label={status === 'invited' ? 'Withdraw' : 'Remove'} isDanger onClick={remove} />
      </Group>
      <Refused error={change.error} />
    </>
  )
}

type Invited = { readonly member: Member; readonly link: string }
type Role = Member['role']

function Invite({ onClose, onInvited }: { onClose: () => void; onInvited: (made: Invited) => void }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('reader')
  const invite = useChange(
    () => client.admin.inviteMember({ role, ...(email.trim() === '' ? {} : { email: email.trim() }) }),
    onInvited,
  )
  return (
    <FormDialog title="Invite somebody" submit="Make the link" change={invite} onClose={onClose}>
      <TextInput
        label="E-mail"
        description="The only address that the link lets in. Empty: whoever has it."
        type="email"
        data-autofocus
        value={email}
        onChange={(e) => setEmail(e.currentTarget.value)}
      />
      <NativeSelect
        label="Role"
        description="A reader sees everything and changes nothing."
        data={['reader', 'admin']}
        value={role}
        onChange={(e) => setRole(e.currentTarget.value === 'admin' ? 'admin' : 'reader')}
      />
    </FormDialog>
  )
}
