import { Page } from '../page.tsx'

export const RequestsScreen = () => <Page title="Requests">…</Page>
