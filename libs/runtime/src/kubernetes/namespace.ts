/** The place for an app's objects. */
import type { AppName } from '@tagship/domain'
import { appLabels, asApply, askCluster, fieldManager, unlessStatus } from '@tagship/kubernetes'
import type { Context, Spot } from './context.ts'

const pullSecretName = 'tagship-registry'

/** One that the app was given has to be there, and stays; one of its own is made. @throws cluster.* */
export async function ensureNamespace(
  { installation }: Context,
  { cluster, namespace }: Spot,
  app: AppName,
): Promise<void> {
  if (namespace !== ownNamespace(app)) return
  const body = { metadata: { name: namespace, labels: appLabels(installation, app, 'namespace') } }
  const creating = askCluster(`making namespace ${namespace}`, () => cluster.core.createNamespace({ body }))
  await unlessStatus(creating, 409)
}

/** A no-op for one that the app was given. @throws cluster.* */
export async function removeNamespace(
  { installation }: Context,
  { cluster, namespace }: Spot,
  app: AppName,
): Promise<void> {
  if (namespace !== ownNamespace(app)) return
  const looking = askCluster(`looking at namespace ${namespace}`, () =>
    cluster.core.readNamespace({ name: namespace }),
  )
  const found = await unlessStatus(looking, 404)
  if (found?.metadata?.labels?.['dev.tagship'] !== installation) return
  const deleting = askCluster(`removing namespace ${namespace}`, () =>
    cluster.core.deleteNamespace({ name: namespace }),
  )
  await unlessStatus(deleting, 404, 409)
}

/** @returns the name of the Secret that pods pull with, or null where the registry asks for nothing */
export async function ensurePullSecret(
  { registry, installation }: Context,
  { cluster, namespace }: Spot,
): Promise<string | null> {
  if (!registry?.credentials) return null
  const { user, password } = registry.credentials
  const [host = registry.address] = registry.address.split('/')
  const auth = Buffer.from(`${user}:${password}`).toString('base64')
  const config = { auths: { [host]: { username: user, password, auth } } }
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: pullSecretName,
      labels: { 'dev.tagship': installation, 'dev.tagship.role': 'registry' },
    },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config)).toString('base64') },
  }
  await askCluster(`making Secret ${pullSecretName}`, () =>
    cluster.core.patchNamespacedSecret(
      { name: pullSecretName, namespace, body, fieldManager, force: true },
      asApply(),
    ),
  )
  return pullSecretName
}

function ownNamespace(app: AppName): string {
  return `tagship-${app}`
}
