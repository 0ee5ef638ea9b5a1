/** What a view is narrowed to. All of it lies in the address, shared by the screens. */
import { NativeSelect, SimpleGrid, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { client } from './client.ts'
import { daysOf, USUAL } from './days.ts'
import { useKeyNames } from './names.ts'
import { RANGES, type Search } from './search.ts'

/** The view in the address, and how to change it. Another view begins at its first page. */
export function useView() {
  const search: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = (changes: Search) => navigate({ to: '.', search: { ...search, cursor: undefined, ...changes } })
  return { search, change }
}

export function Filters({ timeZone }: { readonly timeZone: string }) {
  const { search, change } = useView()
  const names = useFilterNames(timeZone, search)
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
      <Choice
        label="Range"
        value={search.range ?? USUAL}
        options={RANGES.map((range) => [range, range])}
        onChange={(range) => change(rangeChange(range, search, timeZone))}
      />
      <Choice label="API key" value={search.key} options={names.keys} onChange={(key) => change({ key })} />
      <Choice label="Model" value={search.model} options={names.models} onChange={(model) => change({ model })} />
      <Choice
        label="Provider"
        value={search.provider}
        options={names.providers}
        onChange={(provider) => change({ provider })}
      />
      {search.range === 'Custom' && <CustomDays timeZone={timeZone} />}
    </SimpleGrid>
  )
}

/** Days of one's own begin with those that were shown. */
function rangeChange(chosen: string | undefined, search: Search, timeZone: string): Search {
  const range = RANGES.find((each) => each === chosen) ?? USUAL
  return { range, ...(range === 'Custom' ? daysOf(search, timeZone) : { from: undefined, to: undefined }) }
}

function CustomDays({ timeZone }: { readonly timeZone: string }) {
  const { search, change } = useView()
  const { from, to } = daysOf(search, timeZone)
  return (
    <>
      <TextInput
        type="date"
        label="From"
        value={from}
        max={to}
        onChange={({ currentTarget: { value } }) => value && change({ from: value })}
      />
      <TextInput
        type="date"
        label="To"
        value={to}
        min={from}
        onChange={({ currentTarget: { value } }) => value && change({ to: value })}
      />
    </>
  )
}

type ChoiceProps = {
  readonly label: string
  readonly value: string | undefined
  readonly options: readonly (readonly [value: string, label: string])[]
  readonly onChange: (value: string | undefined) => void
}

/** The browser's own: it works by keyboard, touch and screen reader. What is chosen stays a choice, even where nothing has it. */
function Choice({ label, value, options, onChange }: ChoiceProps) {
  const known = value === undefined || options.some(([each]) => each === value)
  const all = known ? options : [...options, [value, value] as const]
  const data = all.map(([each, text]) => ({ value: each, label: text }))
  return (
    <NativeSelect
      label={label}
      value={value ?? ''}
      data={label === 'Range' ? data : [{ value: '', label: 'All' }, ...data]}
      onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? undefined : currentTarget.value)}
    />
  )
}

/** Models and providers that the range knows, and all keys. */
function useFilterNames(timeZone: string, search: Search) {
  const days = { ...daysOf(search, timeZone), timeZone, bucket: 'month' as const }
  const used = useQuery({
    queryKey: ['used', days],
    queryFn: () => client.admin.reportUsage({ ...days, groupBy: ['model', 'provider'] }),
  })
  const groups = used.data?.groups ?? []
  const distinct = (name: 'model' | 'provider') =>
    [...new Set(groups.map(({ key }) => key[name] ?? ''))].filter((each) => each !== '').sort()
  const keys = useKeyNames()
  return {
    keys: [...keys],
    models: distinct('model').map((name) => [name, name] as const),
    providers: distinct('provider').map((name) => [name, name] as const),
  }
}
