/** Whether an app could live in a namespace, before there is anything of it. */
import { TagshipError } from '@tagship/domain'
import { askCluster, type Cluster } from '@tagship/kubernetes'

/** One of each kind that deploy/kubernetes gives: whoever has bound those has them all. */
const needed = [
  { group: 'apps', resource: 'deployments', verb: 'create' },
  { group: '', resource: 'pods', verb: 'list' },
  { group: '', resource: 'secrets', verb: 'create' },
  { group: '', resource: 'services', verb: 'patch' },
] as const

/**
 * Asks the cluster itself, for whoever the controller is there. @param namespace null: the app is to have one of its own
 * @throws cluster.refused with the right that is missing, cluster.*
 */
export async function requireRights(cluster: Cluster, namespace: string | null): Promise<void> {
  const rights = needed.map((right) => ({ ...right, ...(namespace === null ? {} : { namespace }) }))
  const all =
    namespace === null ? [...rights, { group: '', resource: 'namespaces', verb: 'create' } as const] : rights
  for (const right of all) {
    const body = { spec: { resourceAttributes: right } }
    const { status } = await askCluster('asking for rights', () =>
      cluster.authorization.createSelfSubjectAccessReview({ body }),
    )
    if (status?.allowed) continue
    const where = namespace === null ? 'in all namespaces' : `in the namespace ${namespace}`
    throw new TagshipError(
      'cluster.refused',
      `the controller may not ${right.verb} ${right.resource} ${where} of ${cluster.server}${status?.reason ? `: ${status.reason}` : ''}`,
    )
  }
}
