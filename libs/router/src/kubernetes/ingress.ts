/** The way from outside to an app's Services: one Ingress with all of its hosts, and the preview of each. */
import { isDeepStrictEqual } from 'node:util'
import type { V1Ingress, V1IngressRule } from '@kubernetes/client-node'
import type { HostName } from '@tagship/domain'
import {
  appLabels,
  asApply,
  askCluster,
  fieldManager,
  previewName,
  serviceName,
  unlessStatus,
} from '@tagship/kubernetes'
import type { Spot } from './services.ts'

/** Touches nothing that is so already. @throws cluster.* */
export async function ensureIngress(
  spot: Spot,
  hosts: readonly HostName[],
  className: string | null,
): Promise<boolean> {
  const { cluster, namespace, app, installation } = spot
  const name = serviceName(app)
  const found = await readIngress(spot)
  if (isDeepStrictEqual(hostsOf(found), hostsFor(hosts))) return false
  if (hosts.length === 0) return removeIngress(spot).then(() => true)
  const body: V1Ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, labels: appLabels(installation, app, 'service') },
    spec: {
      ...(className === null ? {} : { ingressClassName: className }),
      rules: [
        ...hosts.map((host) => rule(host, name)),
        ...previewsOf(hosts).map((host) => rule(host, previewName(app))),
      ],
    },
  }
  await askCluster(`applying Ingress ${name}`, () =>
    cluster.networking.patchNamespacedIngress(
      { name, namespace, body, fieldManager, force: true },
      asApply(),
    ),
  )
  return true
}

function rule(host: string, service: string): V1IngressRule {
  const backend = { service: { name: service, port: { name: 'http' } } }
  return { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }
}

/** Where the new release is seen before it is live, as on a machine: no app can have such a host. */
function previewsOf(hosts: readonly HostName[]): string[] {
  return hosts.map((host) => `next.${host}`).filter((host) => host.length <= longestHost)
}

const longestHost = 253

/** Of all rules that the Ingress of an app with these hosts has. */
export function hostsFor(hosts: readonly HostName[]): string[] {
  return [...hosts, ...previewsOf(hosts)]
}

export function hostsOf(ingress: V1Ingress | null): string[] {
  return (ingress?.spec?.rules ?? []).map(({ host }) => host ?? '')
}

export async function removeIngress(spot: Spot): Promise<void> {
  const { cluster, namespace, app, installation } = spot
  const found = await readIngress(spot)
  if (found?.metadata?.labels?.['dev.tagship'] !== installation) return
  const name = serviceName(app)
  const deleting = askCluster(`removing Ingress ${name}`, () =>
    cluster.networking.deleteNamespacedIngress({ name, namespace }),
  )
  await unlessStatus(deleting, 404)
}

function readIngress({ cluster, namespace, app }: Spot): Promise<V1Ingress | null> {
  const name = serviceName(app)
  const looking = askCluster(`looking at Ingress ${name}`, () =>
    cluster.networking.readNamespacedIngress({ name, namespace }),
  )
  return unlessStatus(looking, 404)
}
