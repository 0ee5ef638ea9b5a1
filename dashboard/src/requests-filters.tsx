/** Further ways to find a call: by its id, by who made it, by what it came to. */
import { Button, Group, SimpleGrid, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Choice } from './choice.tsx'
import { useView } from './filters.tsx'
import { type Search, SOURCES, searchOf } from './search.ts'

type Field = 'user' | 'tag' | 'minCost' | 'minLatency'

const FIELDS: readonly (readonly [name: Field, label: string, placeholder: string])[] = [
  ['user', 'End user', 'as calls name it'],
  ['tag', 'Tag', 'team:red'],
  ['minCost', 'Cost from (USD)', '0.01'],
  ['minLatency', 'Latency from (ms)', '2000'],
]

export function MoreFilters() {
  const { search } = useView()
  const isUsed = search.source !== undefined || FIELDS.some(([name]) => search[name] !== undefined)
  const [isOpen, setOpen] = useState(isUsed)
  return (
    <>
      <Group gap="sm" align="flex-end">
        <FindById />
        <Button variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          More filters
        </Button>
      </Group>
      {isOpen && <Fields key={FIELDS.map(([name]) => search[name]).join('\n')} />}
    </>
  )
}

/** What was typed is a filter once it is sent: half a number filters nothing. */
function Fields() {
  const { search, change } = useView()
  const [typed, setTyped] = useState<Partial<Record<Field, string>>>({})
  const [wrong, setWrong] = useState<readonly Field[]>([])
  const send = (event: FormEvent) => {
    event.preventDefault()
    const wanted = Object.fromEntries(Object.entries(typed).map(([name, text]) => [name, text.trim() || undefined]))
    const fit = searchOf(wanted) as Record<string, unknown>
    const unfit = FIELDS.map(([name]) => name).filter((name) => wanted[name] !== undefined && fit[name] === undefined)
    setWrong(unfit)
    if (unfit.length === 0) change(wanted as Search)
  }
  return (
    <form onSubmit={send}>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" style={{ alignItems: 'end' }}>
        {FIELDS.map(([name, label, placeholder]) => (
          <TextInput
            key={name}
            label={label}
            placeholder={placeholder}
            value={typed[name] ?? search[name] ?? ''}
            error={wrong.includes(name) && 'expected a number'}
            onChange={({ currentTarget: { value } }) => setTyped({ ...typed, [name]: value })}
          />
        ))}
        <Choice
          hasAll
          label="Tokens counted"
          value={search.source}
          options={SOURCES.map((source) => [source, source])}
          onChange={(source) => change({ source: SOURCES.find((each) => each === source) })}
        />
        <Button type="submit" variant="default">
          Apply
        </Button>
      </SimpleGrid>
    </form>
  )
}

function FindById() {
  const navigate = useNavigate()
  const [id, setId] = useState('')
  const open = (event: FormEvent) => {
    event.preventDefault()
    if (id.trim() !== '') void navigate({ to: '/requests/$id', params: { id: id.trim() } as never })
  }
  return (
    <form onSubmit={open}>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label="Find by id"
          aria-keyshortcuts="/"
          placeholder="gen-…"
          value={id}
          onChange={({ currentTarget: { value } }) => setId(value)}
        />
        <Button type="submit" variant="default">
          Open
        </Button>
      </Group>
    </form>
  )
}
