/** Every page and its address. Pages come as files of their own, when they are first asked for. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { parseAuditSearch } from '../pages/audit/search.ts'
import { parseFiguresSearch } from '../pages/figures/search.ts'
import { OverviewPage } from '../pages/overview/page.tsx'
import { parseTagsSearch } from '../pages/tags/search.ts'
import { Empty, Failed, Loading } from '../parts/states.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage })

const app = createRoute({
  getParentRoute: () => root,
  path: '/apps/$app',
  component: lazyRouteComponent(() => import('../pages/app/page.tsx'), 'AppPage'),
})

const deployment = createRoute({
  getParentRoute: () => root,
  path: '/apps/$app/deployments/$id',
  component: lazyRouteComponent(() => import('../pages/deployment/page.tsx'), 'DeploymentPage'),
})

const tags = createRoute({
  getParentRoute: () => root,
  path: '/tags',
  validateSearch: parseTagsSearch,
  component: lazyRouteComponent(() => import('../pages/tags/page.tsx'), 'TagsPage'),
})

const figures = createRoute({
  getParentRoute: () => root,
  path: '/figures',
  validateSearch: parseFiguresSearch,
  component: lazyRouteComponent(() => import('../pages/figures/page.tsx'), 'FiguresPage'),
})

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: parseAuditSearch,
  component: lazyRouteComponent(() => import('../pages/audit/page.tsx'), 'AuditPage'),
})

const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  component: lazyRouteComponent(() => import('../pages/system/page.tsx'), 'SystemPage'),
})

const access = createRoute({
  getParentRoute: () => root,
  path: '/access',
  component: lazyRouteComponent(() => import('../pages/access/page.tsx'), 'AccessPage'),
})

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('../pages/account/page.tsx'), 'AccountPage'),
})

/** Where an OpenID provider, and who has bookmarked it, comes back to once signed in. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  beforeLoad: () => {
    throw redirect({ to: '/' })
  },
})

export const router = createRouter({
  routeTree: root.addChildren([
    ...[overview, app, deployment, tags, figures, audit, system],
    ...[access, account, signIn],
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function NotFound() {
  return <Empty title="There is no such page">The address may be of an older version.</Empty>
}

function PageFailed({ error, reset }: ErrorComponentProps) {
  return <Failed error={error instanceof Error ? error : new Error(String(error))} again={reset} />
}
