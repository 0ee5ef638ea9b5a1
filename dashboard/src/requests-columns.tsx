/** What a list of calls may show of each, and which of it is shown. */
import { Anchor, Badge, Button, Checkbox, Group, Popover, Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { useView } from './filters.tsx'
import { Money } from './money.tsx'
import { milliseconds, whole } from './numbers.ts'
import type { Search } from './search.ts'
import { When } from './when.tsx'

export type Names = {
  readonly keys: ReadonlyMap<string, string>
  readonly accounts: ReadonlyMap<string, string>
}

type ColumnOf = {
  readonly name: string
  /** With `>` before it: of numbers. */
  readonly head: string
  /** Shown until somebody chooses. */
  readonly isUsual?: true
  readonly cell: (call: GenerationRecord, names: Names) => ReactNode
}

const COLUMNS: readonly ColumnOf[] = [
  { name: 'time', head: 'Time', isUsual: true, cell: (call) => <Time call={call} /> },
  { name: 'status', head: 'Status', isUsual: true, cell: (call) => <Words words={[call.status]} /> },
  { name: 'model', head: 'Model', isUsual: true, cell: ({ model }) => model },
  { name: 'requested', head: 'Asked for', cell: ({ requestedModel }) => requestedModel ?? '—' },
  { name: 'provider', head: 'Provider', isUsual: true, cell: (call) => call.provider_name ?? call.provider },
  { name: 'key', head: 'API key', isUsual: true, cell: ({ apiKeyHash }, { keys }) => keyName(apiKeyHash, keys) },
  { name: 'account', head: 'Account', cell: (call, { accounts }) => accountName(call, accounts) },
  { name: 'user', head: 'End user', cell: (call) => call.external_user ?? '' },
  { name: 'tags', head: 'Tags', cell: ({ tags }) => pairs(tags) },
  { name: 'in', head: '>Tokens in', isUsual: true, cell: ({ inputTokens }) => whole(inputTokens) },
  { name: 'cached', head: '>Cached', cell: ({ cachedTokens }) => whole(cachedTokens) },
  { name: 'out', head: '>Tokens out', isUsual: true, cell: ({ outputTokens }) => whole(outputTokens) },
  { name: 'reasoning', head: '>Reasoning', cell: ({ reasoningTokens }) => whole(reasoningTokens) },
  { name: 'charged', head: '>Charged', isUsual: true, cell: ({ decimal }) => <Money value={decimal.chargeUsd} /> },
  { name: 'cost', head: '>Cost at provider', cell: ({ decimal }) => <Money value={decimal.costUsd} /> },
  { name: 'first', head: '>First token', isUsual: true, cell: (call) => milliseconds(firstToken(call)) },
  { name: 'latency', head: '>Latency', isUsual: true, cell: ({ latency }) => milliseconds(latency) },
  { name: 'flags', head: 'Flags', isUsual: true, cell: (call) => <Words words={flagsOf(call)} /> },
  { name: 'finish', head: 'Finished by', cell: (call) => call.finish_reason ?? '' },
  { name: 'id', head: 'Id', cell: ({ id }) => id },
]

export const columnsIn = ({ columns }: Search): readonly ColumnOf[] => {
  const named = columns?.split(',') ?? []
  const chosen = COLUMNS.filter(({ name }) => named.includes(name))
  return chosen.length === 0 ? COLUMNS.filter(({ isUsual }) => isUsual) : chosen
}

export function ColumnChooser() {
  const { search, change } = useView()
  const shown = columnsIn(search).map(({ name }) => name)
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
            {COLUMNS.map(({ name, head }) => (
              <Checkbox key={name} value={name} label={head.replace('>', '')} disabled={name === 'time'} />
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
