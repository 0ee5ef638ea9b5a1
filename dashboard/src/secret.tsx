/** A secret that the server shows this once. */
import { Alert, Button, Code, CopyButton, Group, Modal, type ModalProps, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

type Props = {
  readonly title: string
  /** What the secret is called. */
  readonly label: string
  readonly secret: string
  readonly size?: NonNullable<ModalProps['size']>
  readonly onClose: () => void
  /** What to do with it. */
  readonly children: ReactNode
}

/** In a dialog that no slip beside it closes. */
export const SecretDialog = ({ title, label, secret, size = 'md', onClose, children }: Props) => (
  <Modal {...{ opened: true, title, size, onClose, closeOnClickOutside: false }} closeButtonProps={CLOSE}>
    <Stack>
      <Alert color="yellow">
        <Text fw={700} mb="xs">
          Copy it now: it is not shown again.
        </Text>
        <Group gap="sm" wrap="nowrap" align="center">
          <Code aria-label={label} style={{ overflowWrap: 'anywhere' }}>
            {secret}
          </Code>
          <Copy value={secret} />
        </Group>
      </Alert>
      {children}
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  </Modal>
)

const CLOSE = { 'aria-label': 'Close' }

export const Copy = ({ value, label = 'Copy' }: { readonly value: string; readonly label?: string }) => (
  <CopyButton value={value} timeout={2000}>
    {({ copied, copy }) => (
      <Button size="compact-sm" variant="default" style={{ flexShrink: 0 }} onClick={copy}>
        {copied ? 'Copied' : label}
      </Button>
    )}
  </CopyButton>
)
