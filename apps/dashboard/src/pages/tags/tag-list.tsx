import type { TagJson } from '@tagship/api'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { tagsQuery, verdictTone } from '../../data/tags.ts'
import { Badge } from '../../parts/badge.tsx'
import { More } from '../../parts/more.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Age, Sha } from '../../parts/values.tsx'
import styles from './tag-list.module.css'

const head = (
  <>
    <HeadCell>Tag</HeadCell>
    <HeadCell>Verdict</HeadCell>
    <HeadCell wide>Why</HeadCell>
    <HeadCell>Commit</HeadCell>
    <HeadCell figure>Made</HeadCell>
  </>
)

/** The newest version first. */
export function TagList({ app }: { readonly app: string }) {
  const tags = useInfiniteQuery(tagsQuery(app))
  const { data, error, refetch } = tags
  if (error && !data) return <Failed error={error} again={() => void refetch()} />
  if (!data)
    return (
      <Panel flush>
        <Loading lines={8} />
      </Panel>
    )
  const shown = data.pages.flatMap(({ items }) => items)
  return (
    <Panel flush>
      {shown.length === 0 ? (
        <Empty title="No tag yet">
          <p>
            The first tag that Tagship sees in the repository of {app} stands here, with what becomes of it.
          </p>
          <pre>git tag v1.0.0 && git push tagship v1.0.0</pre>
        </Empty>
      ) : (
        <Table label={`Tags of ${app}`} head={head} stack>
          {shown.map((tag) => (
            <Row key={tag.name} app={app} tag={tag} />
          ))}
        </Table>
      )}
      <More list={tags}>Older tags</More>
    </Panel>
  )
}

function Row({ app, tag }: { readonly app: string; readonly tag: TagJson }) {
  const { name, verdict, why, pointsAt, createdAt, firstSeenAt } = tag
  return (
    <tr className={styles.row}>
      <Cell className={styles.tag}>
        <Link to="/tags" search={{ app, tag: name }} className={styles.name} title={name}>
          {name}
        </Link>
      </Cell>
      <Cell>
        <Badge tone={verdictTone(verdict)}>{verdict}</Badge>
      </Cell>
      <Cell wide dim title={why}>
        {why}
      </Cell>
      <Cell>
        <Sha commit={pointsAt} />
      </Cell>
      <Cell figure dim>
        <Age at={createdAt ?? firstSeenAt} />
      </Cell>
    </tr>
  )
}
