/**
 * A node that runs nothing: to its API server it looks as if every pod began at once. For what a control plane takes,
 * where a machine has no room for hundreds of pods. `node hollow-node.ts KUBECONFIG`, until it is told to end.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node'

const name = 'hollow'
const lookMs = 250
const heartbeatMs = 10_000
const room = { cpu: '10k', memory: '10Ti', pods: '10k' }

const [kubeconfig = ''] = process.argv.slice(2)
const config = new KubeConfig()
config.loadFromFile(kubeconfig)
const core = config.makeApiClient(CoreV1Api)

let addresses = 0
let beatAt = 0
await core.createNode({ body: { metadata: { name } } })
for (;;) {
  if (Date.now() > beatAt + heartbeatMs) {
    beatAt = Date.now()
    await beat()
  }
  const { items } = await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` })
  await Promise.all(items.map(tend))
  await sleep(lookMs)
}

/** A node that is not heard of loses its pods. */
async function beat(): Promise<void> {
  const now = new Date()
  const node = await core.readNode({ name })
  const ready = {
    type: 'Ready',
    status: 'True',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason: 'Hollow',
  }
  const status = { ...node.status, capacity: room, allocatable: room, conditions: [ready] }
  await core.replaceNodeStatus({ name, body: { ...node, status } })
}

async function tend(pod: V1Pod): Promise<void> {
  const { name: podName = '', namespace = '', deletionTimestamp } = pod.metadata ?? {}
  if (deletionTimestamp) {
    await core.deleteNamespacedPod({ name: podName, namespace, gracePeriodSeconds: 0 }).catch(() => {})
    return
  }
  if (pod.status?.phase !== 'Pending') return
  addresses += 1
  const now = new Date()
  const podIP = `10.244.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`
  const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    ...{ type, status: 'True', lastTransitionTime: now },
  }))
  const containerStatuses = (pod.spec?.containers ?? []).map((container) => ({
    ...{ name: container.name, image: container.image ?? '', imageID: container.image ?? '' },
    ...{ ready: true, started: true, restartCount: 0, state: { running: { startedAt: now } } },
  }))
  const status = {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions,
    containerStatuses,
  }
  // Whoever has changed or removed it meanwhile: the next look sees it.
  await core
    .replaceNamespacedPodStatus({ name: podName, namespace, body: { ...pod, status } })
    .catch(() => {})
}
