/** The people of the organisation: invited, given another role, removed. */
import { Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core'
import type { Member } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, FormDialog, useDialog } from '../dialog.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { SecretDialog } from '../secret.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { When } from '../when.tsx'

const HEADS = ['Person', 'Role', 'State', 'Since']

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
  const invite = isAdmin && (
    <Button size="xs" onClick={() => inviting.open(true)}>
      Invite
    </Button>
  )
  return (
    <Section title="Members" actions={invite}>
      <PagedList list={list} what="Members" empty="Nobody is a member yet.">
        {(rows) => (
          <Rows caption="Members" width={640} heads={isAdmin ? [...HEADS, 'Actions'] : HEADS}>
            {rows.map((member) => (
              <MemberRow
                key={member.id}
                {...{ member, isAdmin, isOwn: member.id === ownId }}
                remove={() => removing.open(member)}
              />
            ))}
          </Rows>
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

type RowProps = {
  readonly member: Member
  readonly isAdmin: boolean
  readonly isOwn: boolean
  readonly remove: () => void
}

function MemberRow({ member, isAdmin, isOwn, remove }: RowProps) {
  const { id, name, role, status, createdAt, joinedAt, invitedUntil } = member
  const who = nameOf(member)
  const change = useChange(() => client.admin.updateMember(id, { role: role === 'admin' ? 'reader' : 'admin' }))
  return (
    <Table.Tr>
      <Table.Th scope="row" style={{ overflowWrap: 'anywhere' }}>
        {who}
        {isOwn && ' (you)'}
        {name !== null && <Small>{name}</Small>}
      </Table.Th>
      <Table.Td>{role}</Table.Td>
      <Table.Td>
        <StateBadge tone={status === 'active' ? 'good' : 'warn'}>{status}</StateBadge>
        {invitedUntil !== null && (
          <Small>
            until <When at={invitedUntil} />
          </Small>
        )}
      </Table.Td>
      <Table.Td>
        <When at={joinedAt ?? createdAt} />
      </Table.Td>
      {isAdmin && (
        <Table.Td>
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
        </Table.Td>
      )}
    </Table.Tr>
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
