import { Page } from '../page.tsx'

export const SettingsScreen = () => <Page title="Settings">…</Page>
