/** Which path shows which screen. Each screen is a file of its own, loaded when somebody goes there. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  retainSearchParams,
} from '@tanstack/react-router'
import { Page } from './page.tsx'
import { Problem } from './problem.tsx'
import { type Search, searchOf, zoneIn } from './search.ts'
import { Shell } from './shell.tsx'
import { methodsOfSignIn } from './sign-in.ts'
import { Empty, Loading } from './states.tsx'

const root = createRootRoute({ component: Outlet, notFoundComponent: Nowhere })
/** A zone that was chosen goes along to every screen. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  validateSearch: zoneIn,
  search: { middlewares: [retainSearchParams(['zone'])] },
})

/** Before the page is drawn, so that nothing moves in it; a server that does not say so will say what is wrong when it is asked. */
const loader = () => methodsOfSignIn().catch(() => ({ password: true, oidc: null }))
const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  loader,
  component: lazyRouteComponent(() => import('./screens/login.tsx'), 'LoginScreen'),
})
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  loader,
  component: lazyRouteComponent(() => import('./screens/setup.tsx'), 'SetupScreen'),
})

const validateSearch = (search: Record<string, unknown>): Search => searchOf(search)
const usageScreen = lazyRouteComponent(() => import('./screens/usage.tsx'), 'UsageScreen')
const home = createRoute({ getParentRoute: () => inside, path: '/', validateSearch, component: usageScreen })
const usage = createRoute({ getParentRoute: () => inside, path: '/usage', validateSearch, component: usageScreen })
const requests = createRoute({
  getParentRoute: () => inside,
  path: '/requests',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/requests.tsx'), 'RequestsScreen'),
})
const request = createRoute({
  getParentRoute: () => inside,
  path: '/requests/$id',
  component: lazyRouteComponent(() => import('./screens/request.tsx'), 'RequestScreen'),
})
const models = createRoute({
  getParentRoute: () => inside,
  path: '/models',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/models.tsx'), 'ModelsScreen'),
})
const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/settings.tsx'), 'SettingsScreen'),
})
const keys = createRoute({
  getParentRoute: () => inside,
  path: '/keys',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/keys.tsx'), 'KeysScreen'),
})
const budgets = createRoute({
  getParentRoute: () => inside,
  path: '/budgets',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/budgets.tsx'), 'BudgetsScreen'),
})
const accounts = createRoute({
  getParentRoute: () => inside,
  path: '/accounts',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/accounts.tsx'), 'AccountsScreen'),
})
const account = createRoute({
  getParentRoute: () => inside,
  path: '/accounts/$id',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/accounts-one.tsx'), 'AccountScreen'),
})
const alerts = createRoute({
  getParentRoute: () => inside,
  path: '/alerts',
  validateSearch,
  component: lazyRouteComponent(() => import('./screens/alerts.tsx'), 'AlertsScreen'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    setup,
    inside.addChildren([home, usage, requests, request, keys, budgets, accounts, account, alerts, models, settings]),
  ]),
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: ({ error, reset }) => <Problem error={error} doing="This screen failed" retry={reset} />,
})

function Nowhere() {
  return (
    <Page title="Not found">
      <Empty title="There is no such screen">
        <a href="/usage">Usage</a>
      </Empty>
    </Page>
  )
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
