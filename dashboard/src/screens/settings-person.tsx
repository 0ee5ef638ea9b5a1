/** The person who is signed in: another password, and an end to every session. */
import { Button, Group, PasswordInput, Text } from '@mantine/core'
import type { Session } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { Confirm, FormDialog, useDialog } from '../dialog.tsx'
import { Section } from '../section.tsx'
import { auth } from '../sign-in.ts'

export function Person({ session: { member, role } }: { session: Session }) {
  const asked = useDialog<'password' | 'leave'>()
  const [isChanged, setChanged] = useState(false)
  if (member === null) return null
  const actions = (
    <Group gap="xs">
      <Button variant="default" size="xs" onClick={() => asked.open('password')}>
        Change password
      </Button>
      <Button variant="default" size="xs" onClick={() => asked.open('leave')}>
        End all sessions
      </Button>
    </Group>
  )
  return (
    <Section title="You" actions={actions}>
      <Text>
        {member.name}, {member.email}. You are {role}
        {role === 'reader' && ': you see everything and change nothing. An admin can give you the other role'}.
      </Text>
      <Text size="sm" role="status">
        {isChanged && 'The password is changed. All your other sessions are over.'}
      </Text>
      {asked.subject === 'password' && (
        <ChangePassword
          onClose={asked.close}
          onChanged={() => {
            setChanged(true)
            asked.close()
          }}
        />
      )}
      {asked.subject === 'leave' && (
        <Confirm
          title="End all sessions"
          submit="End all sessions"
          change={async () => {
            await auth('sign-out', { everywhere: true })
            location.assign('/login')
          }}
          onClose={asked.close}
        >
          Every session of yours ends, this one too.
        </Confirm>
      )}
    </Section>
  )
}

function ChangePassword({ onClose, onChanged }: { onClose: () => void; onChanged: () => void }) {
  const [currentPassword, setCurrent] = useState('')
  const [newPassword, setNew] = useState('')
  const change = useChange(() => auth('change-password', { currentPassword, newPassword }), onChanged)
  return (
    <FormDialog title="Change password" submit="Change" change={change} onClose={onClose}>
      <PasswordInput
        label="Present password"
        autoComplete="current-password"
        required
        data-autofocus
        value={currentPassword}
        onChange={(e) => setCurrent(e.currentTarget.value)}
      />
      <PasswordInput
        label="New password"
        description="10 to 128 characters"
        autoComplete="new-password"
        required
        minLength={10}
        maxLength={128}
        value={newPassword}
        onChange={(e) => setNew(e.currentTarget.value)}
      />
    </FormDialog>
  )
}
