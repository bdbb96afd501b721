import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { queryClient } from '../data/query-client.ts'
import { askWhoIsThere, useSession } from '../data/session.ts'
import { SignInPage } from '../pages/sign-in/page.tsx'
import { Failed } from '../parts/states.tsx'
import { Toasts } from '../parts/toasts.tsx'
import { router } from './router.tsx'

// Opened once in a life, through a link that somebody was given.
const LinkPage = lazy(() => import('../pages/link/page.tsx'))
const linkPaths = ['/set-up', '/invite']

/** Everything around the pages. Who is not signed in sees the sign-in, at whatever address. */
export function Root() {
  return (
    // Scripts and styles come as files only: the page's content security policy allows nothing else.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Toasts>
          {linkPaths.includes(location.pathname) ? (
            <Suspense>
              <LinkPage />
            </Suspense>
          ) : (
            <ForWhoIsThere />
          )}
        </Toasts>
      </QueryClientProvider>
    </CSPProvider>
  )
}

const againMs = 2_000

function ForWhoIsThere() {
  const session = useSession()
  const { state } = session
  const problem = state === 'asking' ? session.problem : null
  useEffect(() => {
    if (state === 'asking' && !problem) void askWhoIsThere()
    if (!problem) return
    const again = setTimeout(() => void askWhoIsThere(), againMs)
    return () => clearTimeout(again)
  }, [state, problem])
  if (state === 'in') return <Pages />
  if (state === 'out') return <SignInPage />
  return problem && <Failed error={problem} again={() => void askWhoIsThere()} />
}

function Pages() {
  // What one person has seen is not for the next one.
  useEffect(() => () => queryClient.clear(), [])
  return <RouterProvider router={router} />
}
