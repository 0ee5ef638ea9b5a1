/** The organisation that everything here is about: its name, and when its days begin. */
import { Autocomplete, Button, Text } from '@mantine/core'
import type { Session } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog, useDialog } from '../dialog.tsx'
import { Section } from '../section.tsx'

type Props = { readonly organisation: Session['organisation']; readonly isAdmin: boolean }

export function OrganisationFacts({ organisation, isAdmin }: Props) {
  const changing = useDialog<true>()
  const change = isAdmin && (
    <Button variant="default" size="xs" onClick={() => changing.open(true)}>
      Change time zone
    </Button>
  )
  return (
    <Section title="Organisation" actions={change}>
      <Text>
        {organisation.name}: days, weeks and months begin in <b>{organisation.timeZone}</b>.
      </Text>
      <Text size="sm" c="dimmed">
        Whoever runs the server gives it another name: <code>turnpike organisations update</code>.
      </Text>
      {changing.subject && <ChangeZone organisation={organisation} onClose={changing.close} />}
    </Section>
  )
}

function ChangeZone({ organisation, onClose }: Pick<Props, 'organisation'> & { onClose: () => void }) {
  const [timeZone, setTimeZone] = useState(organisation.timeZone)
  const change = useChange(
    () => client.admin.updateOrganisation(organisation.id, { timeZone: timeZone.trim() }),
    onClose,
  )
  return (
    <FormDialog title="Time zone of the organisation" submit="Save" change={change} onClose={onClose}>
      <Autocomplete
        label="Time zone"
        description="Reports and days of budgets without a zone of their own begin there. No record is changed."
        data={ZONES}
        limit={50}
        required
        data-autofocus
        value={timeZone}
        onChange={setTimeZone}
      />
    </FormDialog>
  )
}

/** As far as the browser knows them; the server takes every one that it knows. */
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]
