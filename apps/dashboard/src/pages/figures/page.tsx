import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { figuresQuery, windows } from '../../data/figures.ts'
import { AppChoice } from '../../parts/app-choice.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Days } from './days-panel.tsx'
import { ImageSizes } from './image-sizes.tsx'
import { KeyFigures } from './key-figures.tsx'
import styles from './page.module.css'
import { Phases } from './phases.tsx'
import { Traffic } from './traffic.tsx'

const usual = 30
const choices = windows.map((days) => ({ value: String(days), label: `Last ${days} days` }))

/** How well changes come to users: over all apps, or for one. */
export function FiguresPage() {
  const { app, days = usual } = useSearch({ from: '/figures' })
  const navigate = useNavigate({ from: '/figures' })
  return (
    <Page
      name="Figures"
      aside={
        <>
          <AppChoice
            value={app}
            withAll
            onChange={(next) => void navigate({ search: (before) => ({ ...before, app: next }) })}
          />
          <Choice
            label="Window of time"
            value={String(days)}
            options={choices}
            onChange={(next) =>
              void navigate({
                search: (before) => ({ ...before, days: windows.find((one) => String(one) === next) }),
              })
            }
          />
        </>
      }
    >
      <Content app={app} days={days} />
    </Page>
  )
}

function Content({
  app,
  days,
}: {
  readonly app: string | undefined
  readonly days: (typeof windows)[number]
}) {
  const { data: figures, error, refetch } = useQuery(figuresQuery(app, days))
  if (error && !figures) return <Failed error={error} again={() => void refetch()} />
  if (!figures) return <Loading lines={10} />
  if (figures.successRate.samples === 0 && figures.deploymentFrequency.samples === 0)
    return (
      <>
        <Empty title={`No deployment ended in the last ${days} days`}>
          Figures come from the history: choose a longer window, or deploy.
        </Empty>
        {app && <Traffic app={app} />}
      </>
    )
  return (
    <>
      <KeyFigures figures={figures} />
      <Days days={figures.days} />
      <div className={styles.columns}>
        <Phases figures={figures} />
        <ImageSizes figures={figures} />
      </div>
      {app && <Traffic app={app} />}
    </>
  )
}
