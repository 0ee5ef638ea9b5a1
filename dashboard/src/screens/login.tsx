import { Page } from '../page.tsx'

export const LoginScreen = () => <Page title="Login">…</Page>
