import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { appQuery } from '../../data/queries.ts'
import { Page } from '../../parts/page.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { AppActions } from './app-actions.tsx'
import { AppNotices } from './app-notices.tsx'
import { AppTitle } from './app-title.tsx'
import { History } from './history/history.tsx'
import { SwapPicture } from './swap-picture.tsx'

/** One app: what serves and where, what is under way, and everything that came before. */
export function AppPage() {
  const { app: name } = useParams({ from: '/apps/$app' })
  const { data: app, error, refetch } = useQuery(appQuery(name))
  if (error && !app) return <Failed error={error} again={() => void refetch()} />
  if (!app) return <Loading lines={8} />
  return (
    <Page name={name} title={<AppTitle app={app} />} aside={<AppActions app={app} />}>
      <AppNotices app={app} />
      <SwapPicture app={app} />
      <History app={app} key={name} />
    </Page>
  )
}
