/** Ends what runs the instances of a process. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppName, TagshipError } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import { askCluster, labelSelector, setOf, unlessStatus } from '@tagship/kubernetes'
import { type Context, findSpot } from './context.ts'

/** What a cluster may need beyond a pod's own time to end. */
const marginMs = 30_000
const lookMs = 250

/**
 * Instances of a set go together: the first one's removal removes it, the others' find it gone. Over with the cluster's
 * word that it will: its pods drain and end by themselves, whoever watches, and nothing new reaches them.
 * @throws cluster.*
 */
export async function removeInstance(context: Context, { app, name: instance }: Instance): Promise<void> {
  const spot = await findSpot(context, app)
  if (!spot) return
  const { cluster, namespace } = spot
  const name = setOf(instance)
  const body = { propagationPolicy: 'Foreground' }
  const deleting = askCluster(`removing Deployment ${name}`, () =>
    cluster.apps.deleteNamespacedDeployment({ namespace, name, body }),
  )
  await unlessStatus(deleting, 404, 409)
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
