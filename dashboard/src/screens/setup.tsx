import { Page } from '../page.tsx'

export const SetupScreen = () => <Page title="Setup">…</Page>
