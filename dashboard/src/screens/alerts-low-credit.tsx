/** From which balance on people are told that credit runs low, where an account says nothing of its own. */
import { Button, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog, useDialog } from '../dialog.tsx'
import { Loaded } from '../loaded.tsx'
import { Section } from '../section.tsx'
import { Credits } from './accounts-credits.tsx'

export function LowCredit({ isAdmin }: { isAdmin: boolean }) {
  const defaults = useQuery({ queryKey: ['alert-defaults'], queryFn: () => client.alerts.getDefaults() })
  const changing = useDialog<{ threshold: string }>()
  const threshold = defaults.data?.decimal.lowCreditThreshold
  const change = isAdmin && defaults.data && (
    <Button variant="default" size="xs" onClick={() => changing.open({ threshold: threshold ?? '' })}>
      Change low credit
    </Button>
  )
  return (
    <Section title="Low credit" actions={change}>
      <Loaded query={defaults} what="The threshold">
        {() =>
          threshold === undefined ? (
            <Text>Nobody is told, but of accounts that have a threshold of their own.</Text>
          ) : (
            <Text>
              Told at a balance of <Credits value={threshold} /> credits or less, unless the account says otherwise.
            </Text>
          )
        }
      </Loaded>
      {changing.subject && <ChangeThreshold {...changing.subject} onClose={changing.close} />}
    </Section>
  )
}

function ChangeThreshold({ threshold, onClose }: { threshold: string; onClose: () => void }) {
  const [credits, setCredits] = useState(threshold)
  const change = useChange(
    () => client.alerts.updateDefaults({ lowCreditThreshold: credits.trim() === '' ? null : credits.trim() }),
    onClose,
  )
  return (
    <FormDialog title="Low credit" submit="Save" change={change} onClose={onClose}>
      <TextInput
        label="Balance (credits)"
        description="Told at a balance up to here; empty: never."
        inputMode="decimal"
        data-autofocus
        value={credits}
        onChange={(e) => setCredits(e.currentTarget.value)}
      />
    </FormDialog>
  )
}
