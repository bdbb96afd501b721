import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { glancesQuery } from '../../data/overview.ts'
import { appsQuery } from '../../data/queries.ts'
import { Field } from '../../parts/field.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { AppCard } from './app-card.tsx'
import { Feed } from './feed.tsx'
import { matches } from './matches.ts'
import styles from './page.module.css'

export function OverviewPage() {
  const { data: apps, error, refetch } = useQuery(appsQuery)
  const { data: glances } = useQuery(glancesQuery)
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  if (error && !apps) return <Failed error={error} again={() => void refetch()} />
  if (!apps) return <Loading />
  const shown = apps.filter((app) => matches(app, wanted))
  return (
    <Page
      name="Overview"
      aside={
        apps.length > 0 && (
          <Field
            label="Filter"
            quiet
            type="search"
            placeholder={apps.length === 1 ? 'Filter 1 app' : `Filter ${apps.length} apps`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )
      }
    >
      {apps.length === 0 && <NoApps />}
      {apps.length > 0 && (
        <div className={styles.columns}>
          <div>
            {shown.length === 0 && <Empty title="No app matches" />}
            <ul className={styles.cards}>
              {shown.map((app) => (
                <AppCard key={app.name} app={app} glance={glances?.get(app.name)} />
              ))}
            </ul>
          </div>
          <Feed />
        </div>
      )}
    </Page>
  )
}

function NoApps() {
  return (
    <Empty title="No app yet">
      <p>An app is a git repository with a Dockerfile. Add one on the command line, then push a tag:</p>
      <pre>
        {'./tagship app add shop --host shop.example.com\ngit tag v1.0.0 && git push tagship main v1.0.0'}
      </pre>
    </Empty>
  )
}
