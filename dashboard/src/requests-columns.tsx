/** What a list of calls may show of each, and which of it is shown. */
import { Anchor, Badge, Button, Checkbox, Group, Popover, Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import { dollars } from './amount-text.ts'
import { useView } from './filters.tsx'
import { Money } from './money.tsx'
import { milliseconds } from './numbers.ts'
import type { Search } from './search.ts'
import type { ColumnOf } from './table.tsx'
import { Tokens } from './tokens.tsx'
import { When } from './when.tsx'

export type Names = {
  readonly keys: ReadonlyMap<string, string>
  readonly accounts: ReadonlyMap<string, string>
}

/** Each with a name for the address. */
type Column = ColumnOf<GenerationRecord> & { readonly name: string }

export const columnsOf = ({ keys, accounts }: Names): readonly Column[] => [
  { name: 'time', head: 'Time', cell: (call) => <Time call={call} /> },
  { name: 'status', head: 'Status', cell: (call) => <Words words={[call.status]} /> },
  { name: 'model', head: 'Model', cell: ({ model }) => model },
  { name: 'requested', head: 'Asked for', cell: ({ requestedModel }) => requestedModel ?? '—' },
  { name: 'provider', head: 'Provider', cell: (call) => call.provider_name ?? call.provider },
  { name: 'key', head: 'API key', cell: ({ apiKeyHash }) => keyName(apiKeyHash, keys) },
  { name: 'account', head: 'Account', cell: (call) => accountName(call, accounts) },
  { name: 'user', head: 'End user', cell: (call) => call.external_user ?? '' },
  { name: 'tags', head: 'Tags', cell: ({ tags }) => pairs(tags) },
  { name: 'in', head: '>Tokens in', look: NUMBER, cell: ({ inputTokens }) => <Tokens count={inputTokens} /> },
  { name: 'cached', head: '>Cached', look: NUMBER, cell: ({ cachedTokens }) => <Tokens count={cachedTokens} /> },
  { name: 'out', head: '>Tokens out', look: NUMBER, cell: ({ outputTokens }) => <Tokens count={outputTokens} /> },
  { name: 'reasoning', head: '>Reasoning', look: NUMBER, cell: (call) => <Tokens count={call.reasoningTokens} /> },
  {
    name: 'charged',
    head: '>Charged (USD)',
    look: NUMBER,
    amount: ({ decimal }) => dollars(decimal.chargeUsd),
    cell: ({ decimal }) => <Money value={decimal.chargeUsd} />,
  },
  {
    name: 'cost',
    head: '>Cost at provider (USD)',
    look: NUMBER,
    amount: ({ decimal }) => dollars(decimal.costUsd),
    cell: ({ decimal }) => <Money value={decimal.costUsd} />,
  },
  { name: 'first', head: '>First token', look: NUMBER, cell: (call) => milliseconds(firstToken(call)) },
  { name: 'latency', head: '>Latency', look: NUMBER, cell: ({ latency }) => milliseconds(latency) },
  { name: 'flags', head: 'Flags', cell: (call) => <Words words={flagsOf(call)} /> },
  { name: 'finish', head: 'Finished by', cell: (call) => call.finish_reason ?? '' },
  { name: 'id', head: 'Id', cell: ({ id }) => id },
]
const NUMBER = { style: { whiteSpace: 'nowrap' } } as const

const NO_NAMES: Names = { keys: new Map(), accounts: new Map() }
const CHOICES = columnsOf(NO_NAMES).map(({ name, head }) => [name, head.replace('>', '')] as const)
/** Shown until somebody chooses. */
const USUAL = ['time', 'status', 'model', 'provider', 'key', 'in', 'out', 'charged', 'first', 'latency', 'flags']

export function shownIn({ columns }: Search): readonly string[] {
  const named = columns?.split(',') ?? []
  const chosen = CHOICES.map(([name]) => name).filter((name) => named.includes(name))
  return chosen.length === 0 ? USUAL : chosen
}

export function ColumnChooser() {
  const { search, change } = useView()
  const shown = shownIn(search)
  return (
    <Popover position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button variant="default">Columns</Button>
      </Popover.Target>
      <Popover.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        <Checkbox.Group
          aria-label="Columns"
          value={[...shown]}
          onChange={(names) => change({ columns: names.join(','), cursor: search.cursor })}
        >
          <Stack gap={6}>
            {CHOICES.map(([name, label]) => (
              <Checkbox key={name} value={name} label={label} disabled={name === 'time'} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Button
          mt="sm"
          size="xs"
          variant="default"
          onClick={() => change({ columns: undefined, cursor: search.cursor })}
        >
          The usual ones
        </Button>
      </Popover.Dropdown>
    </Popover>
  )
}

const Time = ({ call: { id, occurredAt } }: { readonly call: GenerationRecord }) => (
  <Anchor component={Link} to="/requests/$id" params={{ id } as never} inherit>
    <When at={occurredAt} exact />
  </Anchor>
)

export const keyName = (hash: string | null, keys: Names['keys']): string =>
  hash === null ? 'None' : (keys.get(hash) ?? 'an earlier key')

const accountName = ({ accountId, externalId }: GenerationRecord, accounts: Names['accounts']): string =>
  accountId === null ? 'None' : (accounts.get(accountId) ?? externalId ?? accountId)

/** A whole reply has no first token of its own. */
export const firstToken = ({ streamed, firstTokenMs }: GenerationRecord): number | null =>
  streamed ? firstTokenMs : null

/** What the gateway noted, and who counted, where that was not the provider. */
export const flagsOf = ({ flags, usageSource }: GenerationRecord): readonly string[] =>
  usageSource === 'reported' ? flags : [`usage ${usageSource}`, ...flags.filter((flag) => flag !== usageSource)]

const pairs = (tags: GenerationRecord['tags']): string =>
  Object.entries(tags ?? {})
    .map((pair) => pair.join(':'))
    .join(', ')

/** In words, never by colour alone. */
const Words = ({ words }: { readonly words: readonly string[] }) => (
  <Group gap={4} wrap="nowrap">
    {words.map((word) => (
      <Badge key={word} variant="default" tt="none" style={{ minWidth: 'max-content' }}>
        {word}
      </Badge>
    ))}
  </Group>
)
