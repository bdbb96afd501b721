import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { appsQuery } from '../../data/queries.ts'
import { AppChoice } from '../../parts/app-choice.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { TagDialog } from './tag-dialog.tsx'
import { TagList } from './tag-list.tsx'

/** What each tag of an app is for its policy, and why. */
export function TagsPage() {
  const { app: asked, tag } = useSearch({ from: '/tags' })
  const navigate = useNavigate({ from: '/tags' })
  const { data: apps, error, refetch } = useQuery(appsQuery)
  if (error && !apps) return <Failed error={error} again={() => void refetch()} />
  if (!apps) return <Loading lines={8} />
  const app = asked ?? apps[0]?.name
  if (app === undefined)
    return (
      <Page name="Tags">
        <Empty title="No app yet">Tags are those of an app’s repository: add an app first.</Empty>
      </Page>
    )
  return (
    <Page
      name="Tags"
      aside={<AppChoice value={app} onChange={(next) => void navigate({ search: { app: next } })} />}
    >
      <TagList app={app} key={app} />
      <TagDialog app={app} tag={tag} onClose={() => void navigate({ search: { app } })} />
    </Page>
  )
}
