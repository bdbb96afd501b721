import type { ChangesJson, ListedDeploymentJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import { formatBytes } from '../../data/format.ts'
import { changesQuery } from '../../data/queries.ts'
import { CommitList, countOf } from '../../parts/changes/commit-list.tsx'
import { hasNames, NameList } from '../../parts/changes/name-list.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import styles from './changes.module.css'

/** What the deployment brings, held against what serves, or served before it. */
export function Changes({ deployment: { id, release } }: { readonly deployment: ListedDeploymentJson }) {
  const { data, error } = useQuery(changesQuery(id))
  if (error) return <Failed error={error} />
  if (!data) return <Loading lines={3} />
  const { base, added, undone, files, manifest, env, secrets, image } = data
  return (
    <Panel title="What changed" aside={base ? `against ${base.name}` : 'the first release'}>
      <div className={styles.changes}>
        {base && isSame(data) && (
          <p className={styles.quiet}>
            {release} is the same as {base.name}.
          </p>
        )}
        <CommitList title={`${countOf(added)} added`} commits={added} />
        <CommitList title={`${countOf(undone)} undone`} commits={undone} />
        <FileList files={files} />
        <ManifestList manifest={manifest} />
        <NameList title="Env" names={env} />
        <NameList title="Secrets" names={secrets} />
        <ImageSize image={image} />
      </div>
    </Panel>
  )
}

function isSame({ added, undone, files, manifest, env, secrets }: ChangesJson): boolean {
  const counts = [added, undone, files].every((list) => !list?.total)
  return counts && !manifest?.length && !(env && hasNames(env)) && !(secrets && hasNames(secrets))
}

function FileList({ files }: { readonly files: ChangesJson['files'] }) {
  if (!files || files.total === 0) return null
  const rest = files.total - files.items.length
  return (
    <section className={styles.section}>
      <h3>{files.total === 1 ? '1 file' : `${files.total} files`}</h3>
      <ul className={styles.list}>
        {files.items.map(({ path, change, insertions, deletions }) => (
          <li key={path}>
            <span className={styles.path} title={path}>
              {path}
            </span>
            {change !== 'changed' && <span>{change}</span>}
            {insertions !== null && <span className={styles.added}>+{insertions}</span>}
            {deletions !== null && <span className={styles.removed}>−{deletions}</span>}
          </li>
        ))}
        {rest > 0 && <li>and {rest} more</li>}
      </ul>
    </section>
  )
}

function ManifestList({ manifest }: { readonly manifest: ChangesJson['manifest'] }) {
  if (!manifest || manifest.length === 0) return null
  return (
    <section className={styles.section}>
      <h3>tagship.yaml</h3>
      <ul className={styles.list}>
        {manifest.map(({ path, before, after }) => (
          <li key={path}>
            <span className={styles.path}>{path}</span>
            <span className={styles.removed}>{JSON.stringify(before)}</span>
            <span className={styles.added}>{JSON.stringify(after)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function ImageSize({ image: { before, after, layers } }: Pick<ChangesJson, 'image'>) {
  if (after === null) return null
  const fresh = layers?.added.reduce((sum, { bytes }) => sum + bytes, 0)
  return (
    <section className={styles.section}>
      <h3>Image</h3>
      <p>
        {before !== null && before !== after && `${formatBytes(before)} → `}
        {formatBytes(after)}
        {layers &&
          `, of which ${formatBytes(fresh ?? 0)} in ${layers.added.length} new ${layers.added.length === 1 ? 'layer' : 'layers'}; ${layers.shared.length} shared`}
      </p>
    </section>
  )
}
