/** What went wrong, where, and what to do. */
import { Alert, Button, Code, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ConnectionError, NotFoundError, PermissionError, TurnpikeError } from '@turnpike/sdk'
import { client } from './client.ts'

type Props = {
  readonly error: unknown
  /** What was being done: `Usage could not be loaded`. */
  readonly doing: string
  readonly retry?: () => void
}

export function Problem({ error, doing, retry }: Props) {
  const requestId = error instanceof TurnpikeError ? error.requestId : undefined
  return (
    <Alert color="red" variant="light" title={doing} role="alert">
      <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
      <Text size="sm" mt="xs">
        {advice(error)}
        {error instanceof PermissionError && <Admins />}
        {requestId !== undefined && (
          <>
            {' '}
            Request <Code>{requestId}</Code>
          </>
        )}
      </Text>
      {retry !== undefined && (
        <Button mt="sm" size="xs" variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  )
}

/** By their addresses, as far as one may know them. */
function Admins() {
  const { data } = useQuery({
    queryKey: ['admins'],
    queryFn: async () => await client.admin.listMembers({ limit: 100 }),
    select: ({ members }) => members.filter(({ role, status }) => role === 'admin' && status === 'active'),
  })
  const names = data?.flatMap(({ email }) => email ?? []) ?? []
  return names.length === 0 ? null : <> Admins are {names.join(', ')}.</>
}

function advice(error: unknown): string {
  if (error instanceof PermissionError) return 'Ask an admin of the organisation for the role it needs.'
  if (error instanceof NotFoundError) return 'Check the address: it may belong to another organisation.'
  if (error instanceof ConnectionError) return 'Look whether the server runs, then try again.'
  return 'If it stays, name the request to whoever runs the server.'
}
