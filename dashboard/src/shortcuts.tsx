/** Keys for who would rather not point. None is the only way; all are off while somebody types. */
import { Kbd, Modal, Table } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { SCREENS } from './screens.ts'

const PLACES = new Map<string, (typeof SCREENS)[number][1]>(SCREENS.map(([, to, key]) => [key, to]))

const HELP: readonly (readonly [keys: string, what: string])[] = [
  ['?', 'these keys'],
  ['Ctrl K or ⌘ K', 'a screen, an action, a key, an account or a request by its name'],
  [`g, then ${SCREENS.map(([, , key]) => key).join(' ')}`, SCREENS.map(([label]) => label).join(', ')],
  ['t', 'choose the range'],
  ['[ and ]', 'the time before, the time after'],
  ['/', 'search: a request by its id, keys and models by their name'],
  ['j and k', 'the next row, the row before; Enter opens it'],
  ['Esc', 'close what is open; leave a field, so that these keys are keys again'],
]

/** A control takes part by saying its key in `aria-keyshortcuts`: a button is pressed, anything else gets the focus. */
export function Shortcuts({ onCommand }: { readonly onCommand: () => void }) {
  const navigate = useNavigate()
  const [isHelp, setHelp] = useState(false)
  useEffect(() => {
    let isGoing = false
    const onKey = (event: KeyboardEvent) => {
      if (isCommand(event)) onCommand()
      else if (event.key === 'Escape' && isTyping(event.target) && !isAsked()) (event.target as HTMLElement).blur()
      else if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isAsked()) return
      else {
        const to = isGoing ? PLACES.get(event.key) : undefined
        isGoing = event.key === 'g'
        if (to !== undefined) void navigate({ to })
        else if (event.key === '?') setHelp(true)
        else if (!toRow(event.key) && !pressControl(event.key)) return
      }
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate, onCommand])
  return (
    <Modal opened={isHelp} onClose={() => setHelp(false)} title="Keys" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Table aria-label="Keys">
        <Table.Tbody>
          {HELP.map(([keys, what]) => (
            <Table.Tr key={keys}>
              <Table.Th scope="row">
                <Kbd>{keys}</Kbd>
              </Table.Th>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Also while somebody types: it is no letter. */
const isCommand = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  key.toLowerCase() === 'k' && (ctrlKey || metaKey) && !altKey

/** What is open has the keyboard to itself. */
const isAsked = (): boolean => document.querySelector('[role=dialog]') !== null

const STEPS: Readonly<Record<string, 1 | -1>> = { j: 1, k: -1 }

/** To what opens the next row, in whichever table; whether there is one. */
function toRow(key: string): boolean {
  const step = STEPS[key]
  if (step === undefined) return false
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const here = rows.findIndex((row) => row.contains(document.activeElement))
  const row = here === -1 ? rows.at(step === 1 ? 0 : -1) : rows[here + step]
  if (row === undefined) return false
  const control = row.querySelector<HTMLElement>('a, button') ?? row
  if (control === row) row.tabIndex = -1
  control.focus()
  return true
}

/** Whether there is one. */
function pressControl(key: string): boolean {
  if (key.length !== 1) return false
  const control = document.querySelector<HTMLElement>(`[aria-keyshortcuts=${JSON.stringify(key)}]`)
  if (control instanceof HTMLButtonElement) control.click()
  else control?.focus()
  return control !== null
}
