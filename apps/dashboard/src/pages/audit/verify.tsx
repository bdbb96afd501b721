import type { AuditVerdictJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import ShieldCheck from 'lucide-react/icons/shield-check'
import { api } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Failed } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/values.tsx'
import styles from './verify.module.css'

/** Reads the whole history, link by link, so that it is done only when somebody asks. */
export function Verify() {
  const { data, error, isFetching, dataUpdatedAt, refetch } = useQuery({
    queryKey: ['verify'],
    queryFn: ({ signal }) => api().verifyAudit({ signal }),
    enabled: false,
  })
  return (
    <Panel
      title="Is the record intact?"
      aside={
        <>
          {data && (
            <span>
              Verified <Age at={new Date(dataUpdatedAt).toISOString()} ago />
            </span>
          )}
          <Button small disabled={isFetching} onClick={() => void refetch()}>
            <ShieldCheck aria-hidden="true" />
            {isFetching ? 'Verifying' : data ? 'Verify again' : 'Verify'}
          </Button>
        </>
      }
    >
      {error && !isFetching && <Failed error={error} />}
      {!error && !data && (
        <p className={styles.means}>
          Each entry carries the hash of the one before it: what was changed, removed or put in later shows.
        </p>
      )}
      {!error && data && <Verdict verdict={data} />}
    </Panel>
  )
}

function Verdict({ verdict: { intact, apps, audit } }: { readonly verdict: AuditVerdictJson }) {
  const events = apps.reduce((sum, app) => sum + app.events, 0)
  return (
    <div className={styles.verdict} role="status">
      {intact ? (
        <p>
          <b>Intact.</b> {audit.entries.toLocaleString()} entries of who did what, and{' '}
          {events.toLocaleString()} events of {apps.length} apps, are as they were written.
        </p>
      ) : (
        <Notice tone="bad">
          <b>Not intact.</b> Keep a copy of the database and look into the first broken link below.
        </Notice>
      )}
      {audit.unchained > 0 && (
        <p className={styles.means}>
          {audit.unchained.toLocaleString()} entries are from before there was a chain: they are not proven.
        </p>
      )}
      <details open={!intact}>
        <summary>Chains and their heads</summary>
        <Chains apps={apps} audit={audit} />
      </details>
    </div>
  )
}

const head = (
  <>
    <HeadCell>Chain</HeadCell>
    <HeadCell figure>Links</HeadCell>
    <HeadCell>State</HeadCell>
    <HeadCell wide>Head</HeadCell>
  </>
)

/** Heads that somebody notes elsewhere prove later that nothing up to there was rewritten. */
function Chains({ apps, audit }: Pick<AuditVerdictJson, 'apps' | 'audit'>) {
  return (
    <Table label="Chains" head={head} stack>
      <Chain name="who did what" links={audit.entries} broken={audit.broken} head={audit.head} />
      {apps.map(({ app, events, broken, head }) => (
        <Chain key={app} name={app} links={events} broken={broken} head={head} />
      ))}
    </Table>
  )
}

interface ChainProps {
  readonly name: string
  readonly links: number
  readonly broken: AuditVerdictJson['audit']['broken']
  readonly head: string
}

function Chain({ name, links, broken, head }: ChainProps) {
  return (
    <tr>
      <Cell>{name}</Cell>
      <Cell figure>{links.toLocaleString()}</Cell>
      <Cell className={broken ? styles.broken : undefined}>
        {broken ? `${broken.seq === null ? '' : `link ${broken.seq}: `}${broken.problem}` : 'intact'}
      </Cell>
      <Cell wide dim title={head}>
        <code>{head}</code>
      </Cell>
    </tr>
  )
}
