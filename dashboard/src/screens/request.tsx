import { Page } from '../page.tsx'

export const RequestScreen = () => <Page title="Request">…</Page>
