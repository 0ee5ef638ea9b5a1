/** What a view is narrowed to. All of it lies in the address, shared by the screens. */
import { Button, Group, SimpleGrid, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Choice } from './choice.tsx'
import { client } from './client.ts'
import { daysOf, isDay, USUAL } from './days.ts'
import { useAccountNames, useKeyNames } from './names.ts'
import { callStatus, RANGES, type Search, STATUSES, searchOf } from './search.ts'
import { dayIn, timeText } from './zone.ts'

/** The view in the address, and how to change it. Another view begins at its first page. */
export function useView() {
  const search: Search = useSearch({ strict: false, select: searchOf })
  const navigate = useNavigate()
  const change = (changes: Search) =>
    navigate({ to: '.', search: (before: object) => ({ ...before, cursor: undefined, ...changes }) as never })
  return { search, change }
}

/** A form that a link may open. */
export function useOpened(form: NonNullable<Search['open']>) {
  const { search } = useView()
  const navigate = useNavigate()
  const turn = (open: Search['open']) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, open }) as never, replace: true })
  return { isOpen: search.open === form, open: () => turn(form), close: () => turn(undefined) }
}

const NARROWING = [
  ...(['key', 'account', 'user', 'tag', 'model', 'provider', 'status'] as const),
  ...(['source', 'minCost', 'minLatency'] as const),
]
export const isNarrowed = (search: Search): boolean => NARROWING.some((name) => search[name] !== undefined)
export const WIDE: Search = Object.fromEntries(NARROWING.map((name) => [name, undefined]))

export function Filters({ timeZone }: { readonly timeZone: string }) {
  const { search, change } = useView()
  const names = useFilterNames(timeZone, search)
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
        <Choice
          label="Range"
          shortcut="t"
          value={search.range ?? USUAL}
          options={RANGES.map((range) => [range, range])}
          onChange={(range) => change(rangeChange(range, search, timeZone))}
        />
        <Choice hasAll label="API key" value={search.key} options={names.keys} onChange={(key) => change({ key })} />
        <Choice
          hasAll
          label="Model"
          value={search.model}
          options={names.models}
          onChange={(model) => change({ model })}
        />
        <Choice
          hasAll
          label="Provider"
          value={search.provider}
          options={names.providers}
          onChange={(provider) => change({ provider })}
        />
        <Choice
          hasAll
          label="Status"
          value={callStatus(search)}
          options={STATUSES.map((status) => [status, status])}
          onChange={(status) => change({ status: STATUSES.find((each) => each === status) })}
        />
        {search.range === 'Custom' && <CustomDays timeZone={timeZone} />}
      </SimpleGrid>
      <Others />
    </>
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
  const [first, last] = [dayOf(from, timeZone, 0), dayOf(to, timeZone, 1)]
  return (
    <>
      <TextInput
        type="date"
        label="From"
        value={first}
        max={last}
        onChange={({ currentTarget: { value } }) => value && change({ from: value, to: last })}
      />
      <TextInput
        type="date"
        label="To"
        value={last}
        min={first}
        onChange={({ currentTarget: { value } }) => value && change({ from: first, to: value })}
      />
      {!(isDay(from) && isDay(to)) && (
        <Text size="sm" style={{ alignSelf: 'end' }}>
          {timeText(new Date(from), timeZone)} to {timeText(new Date(to), timeZone)}
        </Text>
      )}
    </>
  )
}

/** Instants, of which the last one is not included, lie in days. */
const dayOf = (text: string, timeZone: string, excluded: 0 | 1): string =>
  isDay(text) ? text : dayIn(timeZone, new Date(Date.parse(text) - excluded))

/** What one comes by from elsewhere: there are too many to choose from. */
function Others() {
  const { search, change } = useView()
  const accounts = useAccountNames()
  const { account, user, tag } = search
  const given: readonly (readonly [label: string, value: string | undefined, without: Search])[] = [
    ['Account', account && (accounts.get(account) ?? account), { account: undefined }],
    ['End user', user, { user: undefined }],
    ['Tag', tag, { tag: undefined }],
  ]
  const shown = given.filter(([, value]) => value !== undefined)
  if (shown.length === 0) return null
  return (
    <Group gap="xs">
      {shown.map(([label, value, without]) => (
        <Button
          key={label}
          variant="default"
          size="xs"
          radius="xl"
          rightSection="×"
          aria-label={`Remove the filter ${label}: ${value || 'none'}`}
          onClick={() => change(without)}
        >
          {label}: {value || 'none'}
        </Button>
      ))}
    </Group>
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
