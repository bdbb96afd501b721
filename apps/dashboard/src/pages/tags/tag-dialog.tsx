import type { ExplainedTagJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import { tagVerdictQuery, verdictTone } from '../../data/tags.ts'
import { Badge } from '../../parts/badge.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Age, Sha } from '../../parts/values.tsx'
import { Rules } from './rules.tsx'
import { Sights } from './sights.tsx'
import styles from './tag-dialog.module.css'

interface TagDialogProps {
  readonly app: string
  /** None: it is closed. */
  readonly tag: string | undefined
  readonly onClose: () => void
}

/** How the policy comes to its verdict on one tag. */
export function TagDialog({ app, tag, onClose }: TagDialogProps) {
  return (
    <Dialog open={tag !== undefined} onClose={onClose} title={tag ?? 'Tag'} wide>
      {tag !== undefined && <Explanation app={app} tag={tag} />}
    </Dialog>
  )
}

function Explanation({ app, tag }: { readonly app: string; readonly tag: string }) {
  const { data, error, refetch } = useQuery(tagVerdictQuery(app, tag))
  if (error && !data) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Loading lines={8} />
  const { verdict, why } = data.tag
  return (
    <div className={styles.explanation}>
      <p className={styles.verdict}>
        <Badge tone={verdictTone(verdict)}>{verdict}</Badge> {why}
      </p>
      <TagFacts tag={data.tag} />
      <h3>Rule by rule</h3>
      <Rules rules={data.rules} />
      <h3>When it was seen</h3>
      <Sights sights={data.observations} />
    </div>
  )
}

function TagFacts({ tag }: Pick<ExplainedTagJson, 'tag'>) {
  const { commit, pointsAt, annotated, tagger, createdAt, firstSeenAt, deletedAt } = tag
  return (
    <Facts>
      <Fact name="Commit">
        <Sha commit={pointsAt} />
        {commit !== pointsAt && (
          <>
            , at first <Sha commit={commit} />
          </>
        )}
      </Fact>
      <Fact name="Kind">{annotated ? 'annotated' : 'not annotated'}</Fact>
      {tagger && (
        <Fact name="Tagger">
          <span title={tagger.email}>{tagger.name}</span>
        </Fact>
      )}
      {createdAt && (
        <Fact name="Made">
          <Age at={createdAt} ago />
        </Fact>
      )}
      <Fact name="First seen">
        <Age at={firstSeenAt} ago />
      </Fact>
      {deletedAt && (
        <Fact name="Deleted">
          <Age at={deletedAt} ago />
        </Fact>
      )}
    </Facts>
  )
}
