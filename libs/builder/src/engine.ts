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
