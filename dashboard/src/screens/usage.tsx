import { Page } from '../page.tsx'

export const UsageScreen = () => <Page title="Usage">…</Page>
