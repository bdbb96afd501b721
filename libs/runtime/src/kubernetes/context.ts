import { type AppName, TagshipError } from '@tagship/domain'
import type { Log, Placement } from '@tagship/engine'
import type { Docker } from '@tagship/kit'
import type { Cluster, Clusters } from '@tagship/kubernetes'
import type { Registry } from './registry.ts'

/** Whose instances they are, and how one gets to them. */
export interface Context {
  readonly clusters: Clusters
  readonly installation: string
  /** Where each app is on a cluster; null for one that is on none. */
  readonly placementOf: (app: AppName) => Promise<Placement | null>
  readonly placements: () => Promise<readonly Placement[]>
  /** The engine that images are built on. */
  readonly docker: Docker
  readonly registry: Registry | null
  /** On that engine: HAProxy, which counts where a manifest asks for it. */
  readonly counterImage: string
  readonly log: Log
}

/** A namespace of a cluster. */
export interface Spot {
  readonly cluster: Cluster
  readonly namespace: string
}

/** Null where the app is on no cluster. @throws cluster.unknown */
export async function findSpot(context: Context, app: AppName): Promise<Spot | null> {
  const placement = await context.placementOf(app)
  return placement && spotOf(context, placement)
}

/** @throws cluster.unknown, internal where the app is on no cluster */
export async function spotFor(context: Context, app: AppName): Promise<Spot> {
  const spot = await findSpot(context, app)
  if (!spot) throw new TagshipError('internal', `${app} is on no cluster`)
  return spot
}

function spotOf({ clusters }: Context, { cluster, namespace }: Placement): Spot {
  return { cluster: clusters(cluster), namespace }
}

/** Each namespace once. */
export async function allSpots(context: Context): Promise<Spot[]> {
  const placements = await context.placements()
  const byPlace = new Map(placements.map((placed) => [`${placed.cluster ?? ''} ${placed.namespace}`, placed]))
  return [...byPlace.values()].map((placement) => spotOf(context, placement))
}
