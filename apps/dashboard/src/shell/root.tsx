import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { queryClient } from '../data/query-client.ts'
import { useSession } from '../data/session.ts'
import { SignInPage } from '../pages/sign-in/page.tsx'
import { Toasts } from '../parts/toasts.tsx'
import { router } from './router.tsx'

/** Everything around the pages. Who is not signed in sees the sign-in, at whatever address. */
export function Root() {
  const session = useSession()
  return (
    // Scripts and styles come as files only: the page's content security policy allows nothing else.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Toasts>{session ? <RouterProvider router={router} /> : <SignInPage />}</Toasts>
      </QueryClientProvider>
    </CSPProvider>
  )
}
