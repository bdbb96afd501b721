import { TagshipError } from '@tagship/domain'
import type { Log } from '@tagship/engine'
import { createAskEngine, type Docker, engineStatus } from '@tagship/kit'
import type { ContainerInspectInfo } from 'dockerode'

/** Whose instances they are, and where. */
export interface Context {
  readonly docker: Docker
  readonly installation: string
  /** Addresses that the networks of apps are taken from, as CIDR. */
  readonly networkPool: string
  readonly log: Log
}

/** @throws engine.unavailable, engine.timeout, engine.failed */
export const askEngine = createAskEngine(
  (trouble, detail, cause) => new TagshipError(`engine.${trouble}`, detail, { cause }),
)

/** The value, or null where the engine answers with one of these statuses. */
export async function unless<T>(asking: Promise<T>, ...statuses: number[]): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (statuses.includes(engineStatus(error) ?? 0)) return null
    throw error
  }
}

/** By id or name; null where it is gone. @throws engine.* */
export function inspectContainer({ docker }: Context, id: string): Promise<ContainerInspectInfo | null> {
  const inspecting = askEngine(`looking at container ${id}`, (abortSignal) =>
    docker.getContainer(id).inspect({ abortSignal }),
  )
  return unless(inspecting, 404)
}
