/** Makes a link that lets somebody in. It is shown once, to hand over. */
import { Button, Code, Group, NativeSelect, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { client } from './client.ts'
import { Problem } from './problem.tsx'

type Role = 'reader' | 'admin'

export function Invite() {
  const queries = useQueryClient()
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (invitation: { readonly email: string; readonly role: Role }) => client.admin.inviteMember(invitation),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['members'] }),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const said = new FormData(event.currentTarget)
    mutate({ email: String(said.get('email')), role: said.get('role') === 'admin' ? 'admin' : 'reader' })
  }
  return (
    <>
      <form onSubmit={submit}>
        <Group align="end" gap="sm" mb="sm">
          <TextInput label="E-mail" name="email" type="email" required />
          <NativeSelect label="Role" name="role" data={['reader', 'admin']} />
          <Button type="submit" loading={isPending}>
            Invite
          </Button>
        </Group>
      </form>
      {error !== null && <Problem error={error} doing="Nobody was invited" />}
      {data !== undefined && (
        <Text size="sm" role="status">
          Hand this link over; it works once and is not shown again: <Code>{data.link}</Code>
        </Text>
      )}
    </>
  )
}
