/** A deployment that stands still in one state, for a fault to strike it there. */
import type { DeploymentState } from '@tagship/domain'
import { quickManifest } from '@tagship/tests/sample-app'
import { query } from './query.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

/** The states that a deployment passes on its way, and those that it waits in. */
export const passedStates = [
  'queued',
  'building',
  'releasing',
  'starting',
  'verifying',
  'awaitingPromotion',
  'switching',
  'draining',
  'baking',
] as const satisfies DeploymentState[]
export type PassedState = (typeof passedStates)[number]

export interface Held {
  /** The version that has to serve in the end. */
  readonly serves: string
  /** Lets it go on: what its state asks for is done, whatever is away by then. */
  goOn(): Promise<void>
  /** What waits for somebody who promotes it is promoted; else there is nothing to do. */
  promote(): Promise<void>
}

const nothing = async () => {}

export async function holdState(world: World, state: PassedState): Promise<Held> {
  if (state === 'awaitingPromotion') return holdForPromotion(world)
  const held = state === 'queued' ? 'verifying' : state
  await world.arm(`${held}.claimed:pause`)
  let { version } = await world.begin({ 'tagship.yaml': quickManifest })
  const { id } = await world.untilState(held)
  await until(`the deployment is worked on in ${held}`, 30_000, async () => {
    const leased = 'SELECT id FROM deployments WHERE id = $1 AND lease_holder IS NOT NULL'
    return (await query(world.at, leased, [id])).length > 0
  })
  if (state === 'queued') {
    version = (await world.begin()).version
    await world.untilState('queued')
  }
  return { serves: version, goOn: world.resumeController, promote: nothing }
}

async function holdForPromotion(world: World): Promise<Held> {
  await world.arm()
  const manifest = `${quickManifest.replace('bake: 1s', 'promotion: manual, bake: 1s')}`
  const { version } = await world.begin({ 'tagship.yaml': manifest })
  const { id } = await world.untilState('awaitingPromotion')
  return {
    serves: version,
    goOn: nothing,
    promote: async () => void (await world.at.client.promote({ params: { id } })),
  }
}
