/** Forms in a dialog, each of which sends one change. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useChange } from './changes.ts'
import { Problem } from './problem.tsx'

type FormProps = {
  readonly title: string
  /** What the button says that sends it. */
  readonly submit: string
  readonly change: { readonly mutate: () => void; readonly isPending: boolean; readonly error: Error | null }
  readonly isDanger?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** What the server refuses stands above its buttons. */
export function FormDialog({ title, submit, change, isDanger = false, onClose, children }: FormProps) {
  const { mutate, isPending, error } = change
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isPending) mutate()
        }}
      >
        <Stack>
          {children}
          {error !== null && <Problem error={error} doing={`${submit} was refused`} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} {...(isDanger ? { color: 'red' } : {})}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

type ConfirmProps = Omit<FormProps, 'change' | 'isDanger'> & { readonly change: () => PromiseLike<unknown> }

/** Asks before what cannot be taken back. */
export const Confirm = ({ change, onClose, children, ...words }: ConfirmProps) => (
  <FormDialog {...words} change={useChange(change, onClose)} isDanger onClose={onClose}>
    <Text>{children}</Text>
  </FormDialog>
)

/** A dialog that is open for one thing, or for none. */
export function useDialog<T>() {
  const [subject, setSubject] = useState<T>()
  return { subject, open: (next: T) => setSubject(() => next), close: () => setSubject(undefined) }
}
