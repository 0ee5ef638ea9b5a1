import { Page } from '../page.tsx'

export const ModelsScreen = () => <Page title="Models">…</Page>
