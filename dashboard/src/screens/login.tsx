import { Anchor, Button, PasswordInput, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { Door } from '../door.tsx'
import { Problem } from '../problem.tsx'
import { auth } from '../sign-in.ts'

export function LoginScreen() {
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: { email: string; password: string }) => auth('sign-in/email', body),
    onSuccess: () => location.assign(wanted()),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const said = new FormData(event.currentTarget)
    mutate({ email: String(said.get('email')), password: String(said.get('password')) })
  }
  return (
    <Door title="Log in" onSubmit={submit}>
      <TextInput label="E-mail" name="email" type="email" autoComplete="username" required data-autofocus />
      <PasswordInput label="Password" name="password" autoComplete="current-password" required />
      {error !== null && <Problem error={error} doing="You could not be signed in" />}
      <Button type="submit" loading={isPending}>
        Log in
      </Button>
      <Text size="sm" c="dimmed">
        No password yet, or a lost one? Whoever runs the server makes a link with <code>turnpike setup-link</code>. The{' '}
        <Anchor href="/docs" inherit underline="always">
          API
        </Anchor>{' '}
        takes keys.
      </Text>
    </Door>
  )
}

/** Where somebody was going, on this server alone. */
function wanted(): string {
  const then = new URLSearchParams(location.search).get('then') ?? '/'
  const target = URL.parse(then, location.origin)
  return target?.origin === location.origin ? `${target.pathname}${target.search}` : '/'
}
