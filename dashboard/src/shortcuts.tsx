/** Keys for who would rather not point. None is the only way; all are off while somebody types. */
import { Kbd, Modal, Table } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

const PLACES = {
  u: '/usage',
  r: '/requests',
  k: '/keys',
  b: '/budgets',
  a: '/accounts',
  l: '/alerts',
  m: '/models',
  s: '/settings',
} as const

const HELP: readonly (readonly [keys: string, what: string])[] = [
  ['?', 'these keys'],
  ['g, then u r k b a l m s', 'Usage, Requests, Keys, Budgets, Accounts, Alerts, Models, Settings'],
  ['t', 'choose the range'],
  ['[ and ]', 'the time before, the time after'],
  ['/', 'find a request by its id'],
  ['Esc', 'close what is open'],
]

/** A control takes part by saying its key in `aria-keyshortcuts`: a button is pressed, anything else gets the focus. */
export function Shortcuts() {
  const navigate = useNavigate()
  const [isHelp, setHelp] = useState(false)
  useEffect(() => {
    let isGoing = false
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const to = isGoing ? PLACES[event.key as keyof typeof PLACES] : undefined
      isGoing = event.key === 'g'
      if (to !== undefined) void navigate({ to })
      else if (event.key === '?') setHelp(true)
      else if (!pressControl(event.key)) return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])
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

/** Whether there is one. */
function pressControl(key: string): boolean {
  if (key.length !== 1) return false
  const control = document.querySelector<HTMLElement>(`[aria-keyshortcuts=${JSON.stringify(key)}]`)
  if (control instanceof HTMLButtonElement) control.click()
  else control?.focus()
  return control !== null
}
