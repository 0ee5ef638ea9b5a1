/** The zone of all times and days, named on every screen. */
import { Button, NativeSelect } from '@mantine/core'
import { useView } from './filters.tsx'
import { useOwnTimeZone, useTimeZone } from './session.ts'

export function ZoneChoice() {
  const { change } = useView()
  const zone = useTimeZone()
  return (
    <>
      <Zones />
      {zone !== 'UTC' && (
        <Button variant="subtle" size="compact-xs" onClick={() => change({ zone: 'UTC' })}>
          In UTC
        </Button>
      )}
    </>
  )
}

function Zones() {
  const { change } = useView()
  const zone = useTimeZone()
  const own = useOwnTimeZone()
  const near = [...new Set([own, 'UTC', HERE, zone])]
  return (
    <NativeSelect
      label="Time zone"
      size="xs"
      value={zone}
      data={[
        ...near.map((name) => ({ value: name, label: name === own ? `${name} (organisation)` : name })),
        { group: 'All', items: ALL.filter((name) => !near.includes(name)) },
      ]}
      onChange={({ currentTarget }) => change({ zone: currentTarget.value })}
    />
  )
}

const HERE = new Intl.DateTimeFormat().resolvedOptions().timeZone
const ALL = Intl.supportedValuesOf('timeZone')
