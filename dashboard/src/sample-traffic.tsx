/** Calls to look at, on request, and away with them again. */
import { Anchor, Button, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useChange } from './changes.ts'
import { Confirm, useDialog } from './dialog.tsx'
import { useAccountCalled } from './names.ts'
import { Refused } from './row-button.tsx'
import { makeSample, removeSample, SAMPLE, SAMPLE_CALLS } from './sample-calls.ts'

export function SampleTraffic() {
  const [calls, setCalls] = useState(0)
  const account = useAccountCalled(SAMPLE)
  const make = useChange(() => makeSample(account?.id, setCalls))
  const removing = useDialog<string>()
  if (account === undefined) return null
  const sample = account?.status === 'open' && !make.isPending ? account : undefined
  return (
    <Group gap="sm" mt="md">
      {sample ? (
        <>
          <Text size="sm">
            Sample traffic is in the account{' '}
            <Anchor component={Link} to="/accounts/$id" params={{ id: sample.id } as never} underline="always" inherit>
              {SAMPLE}
            </Anchor>
            : simulated, no money.
          </Text>
          <Button variant="default" size="xs" onClick={() => removing.open(sample.id)}>
            Remove sample traffic
          </Button>
        </>
      ) : (
        <>
          <Button variant="default" size="xs" loading={make.isPending} onClick={() => make.mutate()}>
            Sample traffic
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {make.isPending
              ? `${calls} of ${SAMPLE_CALLS} calls made`
              : `${SAMPLE_CALLS} calls to simulated models, in an account “${SAMPLE}” of their own. No money moves.`}
          </Text>
        </>
      )}
      <Refused error={make.error} />
      {removing.subject && (
        <Confirm
          title="Remove sample traffic"
          submit="Remove"
          change={() => removeSample(removing.subject ?? '')}
          onClose={removing.close}
        >
          Its keys are deleted, its account is closed and the credit that is left expires. The calls stay in the
          reports, as all calls do, under the account “{SAMPLE}”.
        </Confirm>
      )}
    </Group>
  )
}
