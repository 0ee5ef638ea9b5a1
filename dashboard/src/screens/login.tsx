import { Anchor, Button, Divider, PasswordInput, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { ByProvider, NotLetIn } from '../by-provider.tsx'
import { Door } from '../door.tsx'
import { Problem } from '../problem.tsx'
import { auth } from '../sign-in.ts'

const route = getRouteApi('/login')

export function LoginScreen() {
  const { password, oidc } = route.useLoaderData()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: { email: string; password: string }) => auth('sign-in/email', body),
    onSuccess: () => location.assign(wanted()),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const said = new FormData(event.currentTarget)
    mutate({ email: String(said.get('email')), password: String(said.get('password')) })
  }
  const refused = new URLSearchParams(location.search).get('error')
  return (
    <Door title="Log in" onSubmit={submit}>
      {refused !== null && <NotLetIn code={refused} name={oidc?.name ?? 'The identity provider'} />}
      {password && (
        <>
          <TextInput label="E-mail" name="email" type="email" autoComplete="username" required data-autofocus />
          <PasswordInput label="Password" name="password" autoComplete="current-password" required />
          {error !== null && <Problem error={error} doing="You could not be signed in" />}
          <Button type="submit" loading={isPending}>
            Log in
          </Button>
        </>
      )}
      {password && oidc && <Divider label="or" />}
      {oidc && <ByProvider name={oidc.name} asking={{ wanted: wanted() }} isOnly={!password} />}
      <Text size="sm" c="dimmed">
        {password ? 'No password yet, or a lost one?' : `${oidc?.name} does not let you in?`} Whoever runs the server
        makes a link with <code>turnpike setup-link</code>. The{' '}
        <Anchor href="/docs" inherit underline="always">
          API
        </Anchor>{' '}
        takes keys.
      </Text>
    </Door>
  )
}

/** Where somebody was going, on this server alone. As a whole address: a path could begin with the name of another. */
function wanted(): string {
  const then = new URLSearchParams(location.search).get('then') ?? '/'
  const target = URL.parse(then, location.origin)
  return target?.origin === location.origin ? target.href : location.origin
}
