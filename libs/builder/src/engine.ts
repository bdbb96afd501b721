import { promisify } from 'node:util'
import { TagshipError } from '@tagship/domain'
import { createAskEngine, type Docker } from '@tagship/kit'

/** Whose images they are, and where. */
export interface Scope {
  readonly docker: Docker
  readonly installation: string
}

/** @throws engine.unavailable, engine.timeout, engine.failed */
export const askEngine = createAskEngine(
  (trouble, detail, cause) => new TagshipError(`engine.${trouble}`, detail, { cause }),
)

/** For what the client has no method: `dial` is what its own methods are made of. @returns the body, or the stream */
export function dialEngine(
  { modem }: Docker,
  request: Parameters<Docker['modem']['dial']>[0],
): Promise<unknown> {
  return promisify(modem.dial.bind(modem))(request)
}
