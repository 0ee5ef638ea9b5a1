/** Another secret for a key. The old one may go on for a while. */
import { Select, Text } from '@mantine/core'
import { useState } from 'react'
import { useChange } from './changes.ts'
import { FormDialog } from './dialog.tsx'

type Props<T> = {
  readonly name: string
  /** What stays as it is. */
  readonly keeps: string
  readonly rotate: (grace: { readonly graceSeconds: number }) => PromiseLike<T>
  readonly onClose: () => void
  readonly onIssued: (issued: T) => void
}

const GRACES = [
  { value: '0', label: 'It ends at once' },
  { value: '3600', label: 'One hour' },
  { value: '86400', label: '24 hours' },
]

export function Rotate<T>({ name, keeps, rotate, onClose, onIssued }: Props<T>) {
  const [grace, setGrace] = useState('0')
  const change = useChange(() => rotate({ graceSeconds: Number(grace) }), onIssued)
  return (
    <FormDialog title={`Another secret for ${name}`} submit="Rotate" change={change} onClose={onClose}>
      <Text>{keeps}</Text>
      <Select
        label="The old secret works for"
        data={GRACES}
        allowDeselect={false}
        value={grace}
        onChange={(value) => setGrace(value ?? '0')}
      />
    </FormDialog>
  )
}
