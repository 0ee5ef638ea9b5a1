/** The button that leads to the identity provider, and what the provider's answer came to where nobody was signed in. */
import { Alert, Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Problem } from './problem.tsx'
import { leaveForProvider } from './sign-in.ts'

type Props = {
  readonly name: string
  readonly asking: Parameters<typeof leaveForProvider>[0]
  /** Whether there is no other way in. */
  readonly isOnly: boolean
}

export function ByProvider({ name, asking, isOnly }: Props) {
  const { mutate, error, isPending, isSuccess } = useMutation({ mutationFn: () => leaveForProvider(asking) })
  return (
    <>
      {error !== null && <Problem error={error} doing={`You cannot be sent to ${name}`} />}
      <Button
        variant={isOnly ? 'filled' : 'default'}
        loading={isPending || isSuccess}
        {...(isOnly ? { 'data-autofocus': true } : {})}
        onClick={() => mutate()}
      >
        Sign in with {name}
      </Button>
    </>
  )
}

/** `code`: as the address says it; nothing else of the address is shown. */
export const NotLetIn = ({ code, name }: { readonly code: string; readonly name: string }) => (
  <Alert color="red" variant="light" title="You could not be signed in" role="alert">
    {(REASONS.get(code) ?? FAILED)(name)}
  </Alert>
)

const FAILED = () => 'Something failed here. Try again; if it stays, whoever runs the server finds it in its log.'

const REASONS = new Map<string, (name: string) => string>(
  Object.entries({
    denied: (name) => `It was not agreed to at ${name}.`,
    ended: () => 'The sign-in took too long, was finished already or began in another browser. Begin again.',
    provider: (name) =>
      `${name} gave an answer that cannot be used. Try again; if it stays, whoever runs the server finds the reason in its log.`,
    no_email: (name) => `${name} names no e-mail address of yours. Whoever runs the server may have to ask it for one.`,
    unverified_email: (name) =>
      `${name} does not say that your e-mail address is verified, so it could be anybody's. Verify it there, then try again.`,
    not_invited: () => 'Your e-mail address is not invited. Ask an admin of your organisation for an invitation to it.',
    several_invitations: () =>
      'More than one organisation invites your e-mail address. Open the link of the one that you want to join.',
    link_ended: () => 'The link was used, has expired or was replaced by another one. Ask for another.',
    other_address: (name) => `The link is for another e-mail address than the one that ${name} says is yours.`,
    address_taken: (name) =>
      `Your e-mail address belongs to a member who is somebody else at ${name}. An admin can remove that member and invite you.`,
  }),
)
