/** Forms in a dialog, each of which sends one change. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useChange } from './changes.ts'
import { Problem } from './problem.tsx'

type FormProps = {
  readonly title: string
  /** What the button says that sends it. */
  readonly submit: string
  readonly change: { readonly mutate: () => void; readonly isPending: boolean; readonly error: Error | null }
  readonly isDanger?: boolean
  /** What is still to be entered before it can be sent. */
  readonly isIncomplete?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** What the server refuses stands above its buttons. */
export function FormDialog(props: FormProps) {
  const { title, submit, change, isDanger = false, isIncomplete = false, onClose, children } = props
  const { mutate, isPending, error } = change
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isPending && !isIncomplete) mutate()
        }}
      >
        <Stack>
          {children}
          {error !== null && <Problem error={error} doing={`${submit} was refused`} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={isIncomplete} {...(isDanger ? { color: 'red' } : {})}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

type ConfirmProps = Omit<FormProps, 'change' | 'isDanger' | 'isIncomplete'> & {
  readonly change: () => PromiseLike<unknown>
}

/** Asks before what cannot be taken back. */
export const Confirm = ({ change, onClose, children, ...words }: ConfirmProps) => (
  <FormDialog {...words} change={useChange(change, onClose)} isDanger onClose={onClose}>
    <Text>{children}</Text>
  </FormDialog>
)

/** Asks for the name of what is lost, since the row beside it may look the same. */
export function ConfirmByName({ name, change, onClose, children, ...words }: ConfirmProps & { readonly name: string }) {
  const [typed, setTyped] = useState('')
  return (
    <FormDialog
      {...words}
      change={useChange(change, onClose)}
      isDanger
      isIncomplete={typed.trim() !== name.trim()}
      onClose={onClose}
    >
      <Text>{children}</Text>
      <TextInput
        label={`Type ${name} to go on`}
        autoComplete="off"
        data-autofocus
        value={typed}
        onChange={(e) => setTyped(e.currentTarget.value)}
      />
    </FormDialog>
  )
}

/** A dialog that is open for one thing, or for none. */
export function useDialog<T>() {
  const [subject, setSubject] = useState<T>()
  return { subject, open: (next: T) => setSubject(() => next), close: () => setSubject(undefined) }
}
