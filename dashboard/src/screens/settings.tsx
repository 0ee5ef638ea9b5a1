/** Settings: who may do what, what providers are called with, and what runs here. */
import { Stack } from '@mantine/core'
import { Page } from '../page.tsx'
import { useIsAdmin, useSession } from '../session.ts'
import { Loading } from '../states.tsx'
import { Audit } from './settings-audit.tsx'
import { Credentials } from './settings-credentials.tsx'
import { ManagementKeys } from './settings-management-keys.tsx'
import { Members } from './settings-members.tsx'
import { OrganisationFacts } from './settings-organisation.tsx'
import { Person } from './settings-person.tsx'
import { SystemState } from './settings-system.tsx'

export function SettingsScreen() {
  const { data } = useSession()
  const isAdmin = useIsAdmin()
  if (data === undefined)
    return (
      <Page title="Settings">
        <Loading />
      </Page>
    )
  const { organisation, member } = data.session
  return (
    <Page title="Settings">
      <Stack gap="xl">
        <OrganisationFacts organisation={organisation} isAdmin={isAdmin} />
        <Person session={data.session} />
        <Members isAdmin={isAdmin} ownId={member?.id} />
        <Credentials isAdmin={isAdmin} />
        <ManagementKeys isAdmin={isAdmin} />
        <SystemState />
        <Audit />
      </Stack>
    </Page>
  )
}
