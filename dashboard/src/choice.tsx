/** One of some words, chosen with what the browser brings: it works by keyboard, touch and screen reader. */
import { NativeSelect } from '@mantine/core'

type Props = {
  readonly label: string
  readonly value: string | undefined
  readonly options: readonly (readonly [value: string, label: string])[]
  /** All is a choice too, the first. */
  readonly hasAll?: boolean
  /** The key that leads to it. */
  readonly shortcut?: string
  readonly onChange: (value: string | undefined) => void
}

/** Stands for empty text, "without one", since the browser's empty choice is all of them. */
const WITHOUT = '(none)'

/** What is chosen stays a choice, even where nothing has it. */
export function Choice({ label, value, options, hasAll = false, shortcut, onChange }: Props) {
  const chosen = value === '' ? WITHOUT : (value ?? '')
  const isKnown = value === undefined || options.some(([each]) => each === value)
  const data = [
    ...(hasAll ? [{ value: '', label: 'All' }] : []),
    ...options.map(([each, text]) => ({ value: each, label: text })),
    ...(isKnown ? [] : [{ value: chosen, label: value === '' ? 'None' : value }]),
  ]
  return (
    <NativeSelect
      label={label}
      aria-keyshortcuts={shortcut}
      value={chosen}
      data={data}
      onChange={({ currentTarget }) =>
        onChange(currentTarget.value === '' ? undefined : currentTarget.value.replace(WITHOUT, ''))
      }
    />
  )
}
