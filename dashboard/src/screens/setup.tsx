import { Button, Divider, PasswordInput, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { ByProvider } from '../by-provider.tsx'
import { Door } from '../door.tsx'
import { Problem } from '../problem.tsx'
import { auth } from '../sign-in.ts'

const route = getRouteApi('/setup')

export function SetupScreen() {
  const { password, oidc } = route.useLoaderData()
  // Read once, and kept if the form is sent again.
  const [token] = useState(takeToken)
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: { token: string; name: string; email: string; password: string }) => auth('setup', body),
    onSuccess: () => location.assign('/'),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const said = new FormData(event.currentTarget)
    const text = (name: string) => String(said.get(name) ?? '')
    mutate({ token, name: text('name'), email: text('email'), password: text('password') })
  }
  return (
    <Door title="Set up your sign-in" onSubmit={submit}>
      {token === '' && (
        <Text size="sm" role="alert">
          The address holds no token. Open the whole link, or make another one with <code>turnpike setup-link</code>.
        </Text>
      )}
      {oidc && token !== '' && (
        <>
          <ByProvider name={oidc.name} asking={{ token }} isOnly={!password} />
          <Divider label={password ? 'or' : 'or, by the link of whoever runs the server'} />
        </>
      )}
      <TextInput label="Name" name="name" autoComplete="name" required maxLength={100} />
      <TextInput label="E-mail" name="email" type="email" autoComplete="username" required />
      <PasswordInput
        label="Password"
        description="10 to 128 characters"
        name="password"
        autoComplete="new-password"
        required
        minLength={10}
        maxLength={128}
      />
      {error !== null && <Problem error={error} doing="The link did not let you in" />}
      <Button type="submit" loading={isPending} disabled={token === ''}>
        Continue
      </Button>
    </Door>
  )
}

const takeToken = (): string => new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
