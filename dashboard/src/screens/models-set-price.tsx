/** Sets what an endpoint charges, from now on. */
import { Button, Group, NativeSelect, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { useTimeZone } from '../session.ts'
import { instantOf } from '../when.tsx'

type Props = { readonly endpoints: readonly string[]; readonly endpoint: string; readonly onClose: () => void }

/** Those that most models have; others by their name. */
const METERS = ['input', 'cache_read', 'cache_write', 'output', 'request', 'web_search', 'characters', 'audio_seconds']
const COUNTED_BY_ONE = new Set(['request', 'web_search', 'audio_seconds'])

type Line = { readonly meter: string; readonly priceUsd: string }

export function SetPrice({ endpoints, endpoint, onClose }: Props) {
  const timeZone = useTimeZone()
  const [place, setPlace] = useState(endpoint)
  const [lines, setLines] = useState<readonly Line[]>([
    { meter: 'input', priceUsd: '' },
    { meter: 'output', priceUsd: '' },
  ])
  const [from, setFrom] = useState('')
  const change = useChange(() => {
    const validFrom = instantOf(from, timeZone)
    return client.admin.createRateCard({
      endpoint: place,
      lines: lines
        .filter(({ priceUsd }) => priceUsd.trim() !== '')
        .map(({ meter, priceUsd }) => ({ meter, priceUsd: priceUsd.trim(), per: unitsOf(meter) })),
      ...(validFrom === null ? {} : { validFrom }),
    })
  }, onClose)
  const set = (index: number, changed: Partial<Line>) =>
    setLines(lines.map((line, at) => (at === index ? { ...line, ...changed } : line)))
  return (
    <FormDialog title="Set price" submit="Set price" change={change} onClose={onClose}>
      <Text size="sm">It holds for calls from then on, in every organisation. What was charged stays as it is.</Text>
      <NativeSelect
        label="Endpoint"
        value={place}
        data={[...endpoints]}
        onChange={(e) => setPlace(e.currentTarget.value)}
      />
      {lines.map(({ meter, priceUsd }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are told apart by their place alone
        <Group key={index} grow align="flex-end">
          <NativeSelect
            label={`Meter ${index + 1}`}
            value={meter}
            data={METERS}
            onChange={(e) => set(index, { meter: e.currentTarget.value })}
          />
          <TextInput
            label={`USD ${unitsOf(meter) === 1 ? 'each' : 'a million'}, ${meter}`}
            inputMode="decimal"
            value={priceUsd}
            onChange={(e) => set(index, { priceUsd: e.currentTarget.value })}
          />
        </Group>
      ))}
      <Group justify="space-between" align="flex-end">
        <Button variant="default" size="xs" onClick={() => setLines([...lines, { meter: 'cache_read', priceUsd: '' }])}>
          Another meter
        </Button>
        <TextInput
          label="From"
          description="Empty: now"
          type="datetime-local"
          value={from}
          onChange={(e) => setFrom(e.currentTarget.value)}
        />
      </Group>
    </FormDialog>
  )
}

const unitsOf = (meter: string): number => (COUNTED_BY_ONE.has(meter) ? 1 : 1_000_000)
