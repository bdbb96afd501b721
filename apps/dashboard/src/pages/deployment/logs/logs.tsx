import { Tabs } from '@base-ui/react/tabs'
import type { ListedDeploymentJson, LogSource } from '@tagship/api'
import { isServing } from '@tagship/domain/machine'
import Download from 'lucide-react/icons/download'
import { useDeferredValue, useState } from 'react'
import { useCommand } from '../../../data/commands.ts'
import { api } from '../../../data/session.ts'
import { Button } from '../../../parts/button.tsx'
import { Field } from '../../../parts/field.tsx'
import { Panel } from '../../../parts/panel.tsx'
import { Failed, Loading } from '../../../parts/states.tsx'
import { LogLines } from './log-lines.tsx'
import styles from './logs.module.css'
import { type LogView, useLogs } from './use-logs.ts'

const sources = [
  ['build', 'Build'],
  ['release', 'Release command'],
  ['instance', 'Instances'],
] as const satisfies readonly (readonly [LogSource, string])[]

const states = {
  loading: '',
  following: 'following',
  broken: 'connection lost; goes on where it was',
  ended: 'complete',
} as const satisfies Record<LogView['state'], string>

/** What the build and the instances have written, and write. */
export function Logs({ deployment }: { readonly deployment: ListedDeploymentJson }) {
  const { id, state } = deployment
  const [source, setSource] = useState<LogSource>(isServing(state) ? 'instance' : 'build')
  const [text, setText] = useState('')
  const find = useDeferredValue(text.trim())
  const logs = useLogs({ deployment: id, source, text: find })
  const download = useDownload(deployment, source)
  return (
    <Panel
      flush
      title={
        <Tabs.Root value={source} onValueChange={setSource}>
          <Tabs.List className={styles.tabs} aria-label="Log of">
            {sources.map(([value, label]) => (
              <Tabs.Tab key={value} value={value} className={styles.tab}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs.Root>
      }
      aside={
        <>
          <span role="status">
            {states[logs.state]}
            {logs.lines.length > 0 && ` · ${logs.lines.length}${logs.previous ? '+' : ''} lines`}
          </span>
          <Field
            label="Only lines with"
            quiet
            type="search"
            placeholder="Search"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            className={styles.search}
          />
          <Button
            icon
            aria-label="Download"
            title="Download"
            disabled={download.isPending}
            onClick={() => download.mutate()}
          >
            <Download />
          </Button>
        </>
      }
    >
      <LogContent logs={logs} find={find} source={source} />
    </Panel>
  )
}

interface LogContentProps {
  readonly logs: ReturnType<typeof useLogs>
  readonly find: string
  readonly source: LogSource
}

function LogContent({ logs, find, source }: LogContentProps) {
  if (logs.error && logs.lines.length === 0) return <Failed error={logs.error} />
  if (logs.state === 'loading') return <Loading lines={6} />
  if (logs.lines.length === 0) return <p className={styles.none}>{emptyText(find, source)}</p>
  return (
    <LogLines
      lines={logs.lines}
      prepended={logs.prepended}
      find={find}
      withProcess={source !== 'build'}
      onTop={logs.older}
    />
  )
}

function emptyText(find: string, source: LogSource): string {
  if (find) return 'No line has that in it.'
  if (source === 'build') return 'Nothing was built for it: its image was there.'
  if (source === 'release') return 'It has no release command, or that has written nothing.'
  return 'Its instances have written nothing, or are gone.'
}

function useDownload({ id, app, release }: ListedDeploymentJson, source: LogSource) {
  return useCommand({
    run: async () => {
      const text = await api().downloadLogs({ params: { id }, query: { source } })
      const link = document.createElement('a')
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
      link.download = `${app}-${release}-${source}.log`
      link.click()
      URL.revokeObjectURL(link.href)
    },
  })
}
