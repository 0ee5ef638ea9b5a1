/** From a range to the one before it, and the one after. */
import { Button, Group } from '@mantine/core'
import { daysOf, movedBy } from './days.ts'
import { useView } from './filters.tsx'
import { useTimeZone } from './session.ts'

export function Step() {
  const { search, change } = useView()
  const days = daysOf(search, useTimeZone())
  const go = (lengths: 1 | -1) => change({ range: 'Custom', ...movedBy(days, lengths) })
  return (
    <Group gap={4}>
      <Button variant="default" size="compact-sm" aria-keyshortcuts="[" onClick={() => go(-1)}>
        ‹ Before
      </Button>
      <Button variant="default" size="compact-sm" aria-keyshortcuts="]" onClick={() => go(1)}>
        After ›
      </Button>
      {search.range !== 'Custom' && (
        <Button
          variant="default"
          size="compact-sm"
          title="The same days tomorrow, for who is sent the address"
          onClick={() => change({ range: 'Custom', ...days })}
        >
          Pin dates
        </Button>
      )}
    </Group>
  )
}
