/** Ends what runs the instances of a process, and waits until its pods are gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppName, TagshipError } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import { askCluster, labelSelector, setOf, unlessStatus } from '@tagship/kubernetes'
import { type Context, findSpot, type Spot } from './context.ts'
import { farewellSeconds } from './pod-template.ts'

/** What a cluster may need beyond the pods' own time to end. */
const marginMs = 30_000
const lookMs = 250

/** Instances of a set go together: the first one's removal removes it, the others' find it gone. @throws cluster.* */
export async function removeInstance(context: Context, { app, name }: Instance): Promise<void> {
  const spot = await findSpot(context, app)
  if (spot) await removeSet(spot, setOf(name))
}

async function removeSet({ cluster, namespace }: Spot, name: string): Promise<void> {
  const looking = () =>
    unlessStatus(
      askCluster(`looking at Deployment ${name}`, () =>
        cluster.apps.readNamespacedDeployment({ namespace, name }),
      ),
      404,
    )
  const found = await looking()
  if (!found) return
  const uid = found.metadata?.uid
  const deleting = askCluster(`removing Deployment ${name}`, () =>
    cluster.apps.deleteNamespacedDeployment({
      namespace,
      name,
      body: { propagationPolicy: 'Foreground', ...(uid ? { preconditions: { uid } } : {}) },
    }),
  )
  await unlessStatus(deleting, 404, 409)
  const grace = found.spec?.template.spec?.terminationGracePeriodSeconds ?? farewellSeconds
  await waitUntil(
    async () => (await looking())?.metadata?.uid !== uid,
    grace * 1_000 + marginMs,
    `Deployment ${name}`,
  )
}

/** Of release commands: those of the app, or of one deployment. A no-op where there are none. @throws cluster.* */
export async function removeOneOff(context: Context, app: AppName, deploymentId?: string): Promise<void> {
  const spot = await findSpot(context, app)
  if (!spot) return
  const { cluster, namespace } = spot
  const selector = labelSelector({
    'dev.tagship': context.installation,
    'dev.tagship.role': 'release-command',
    'dev.tagship.app': app,
    'dev.tagship.deployment': deploymentId,
  })
  const list = () =>
    askCluster(`listing pods in ${namespace}`, () =>
      cluster.core.listNamespacedPod({ namespace, labelSelector: selector }),
    )
  const { items } = await list()
  if (items.length === 0) return
  for (const { metadata } of items) {
    const name = metadata?.name ?? ''
    await unlessStatus(
      askCluster(`removing pod ${name}`, () => cluster.core.deleteNamespacedPod({ namespace, name })),
      404,
    )
  }
  const grace = Math.max(...items.map(({ spec }) => spec?.terminationGracePeriodSeconds ?? 0))
  await waitUntil(
    async () => (await list()).items.length === 0,
    grace * 1_000 + marginMs,
    'a release command',
  )
}

async function waitUntil(isSo: () => Promise<boolean>, ms: number, what: string): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await isSo())) {
    if (Date.now() > deadline)
      throw new TagshipError('cluster.timeout', `${what} is not gone after ${ms / 1_000} s`)
    await sleep(lookMs)
  }
}
