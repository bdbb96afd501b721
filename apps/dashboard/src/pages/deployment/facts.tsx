import type { ListedDeploymentJson } from '@tagship/api'
import type { ReactNode } from 'react'
import { Age, Bytes, Duration, Nothing, Sha } from '../../parts/values.tsx'
import styles from './page.module.css'

export function Facts({ deployment }: { readonly deployment: ListedDeploymentJson }) {
  const { commit, subject, trigger, actor, reason, createdAt, servingAt, revision, imageBytes } = deployment
  return (
    <dl className={styles.facts}>
      <Fact name="Commit">
        <Sha commit={commit} />{' '}
        <span className={styles.subject} title={subject ?? undefined}>
          {subject}
        </span>
      </Fact>
      <Fact name="Begun by">
        {trigger} · {actor}
      </Fact>
      {reason && (
        <Fact name="Reason">
          <span title={reason}>{reason}</span>
        </Fact>
      )}
      <Fact name="Created">
        <Age at={createdAt} ago />
      </Fact>
      <Fact name="Until it served">
        {servingAt ? <Duration from={createdAt} to={servingAt} /> : <Nothing />}
      </Fact>
      <Fact name="Image">
        <Bytes bytes={imageBytes} />
      </Fact>
      <Fact name="Revision">{revision ?? <Nothing />}</Fact>
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
