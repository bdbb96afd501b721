import type { AppJson } from '@tagship/api'
import styles from './app-title.module.css'

/** The name, and below it where users reach the app and where its tags come from. */
export function AppTitle({
  app: { name, urls, repo, tags, runtime, cluster, namespace },
}: {
  readonly app: AppJson
}) {
  return (
    <>
      {name}
      <small className={styles.facts}>
        {urls.map((url) => (
          <a key={url} href={url} target="_blank" rel="noreferrer">
            {url.replace(/^https?:\/\//, '')}
          </a>
        ))}
        <span title={repo ?? undefined}>{repo ? repoName(repo) : 'repository hosted here'}</span>
        {runtime === 'kubernetes' && (
          <span title={`cluster ${cluster ?? 'of the current context'}`}>
            Kubernetes, namespace {namespace ?? `tagship-${name}`}
          </span>
        )}
        <span>tags {tags === '*' ? 'of any version' : tags}</span>
      </small>
    </>
  )
}

/** The last two parts of the address: enough to know it by. */
function repoName(repo: string): string {
  return repo
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .slice(-2)
    .join('/')
}
