/** What stands before the screens: a form in the middle of the page. */
import { Center, Paper, Stack, Text, Title } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect } from 'react'

type Props = {
  readonly title: string
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void
  readonly children: ReactNode
}

export function Door({ title, onSubmit, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Turnpike`
  }, [title])
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="lg" w="100%" maw={400}>
        <form onSubmit={onSubmit}>
          <Stack>
            <div>
              <Text fw={700}>Turnpike</Text>
              <Title order={1} size="h3">
                {title}
              </Title>
            </div>
            {children}
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}
