/** Everything together: what a step is given, and what a command is. */
import type { AppName, RuntimeName } from '@tagship/domain'
import type { Builder } from './builder.ts'
import type { CommandStore } from './command-store.ts'
import type { EngineStore } from './engine-store.ts'
import type { AppRecord } from './records.ts'
import type { Router } from './router.ts'
import type { Runtime } from './runtime.ts'
import type { Source } from './source.ts'
import type { KeyInspector } from './source-settings.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A runtime with the router that belongs to it: where an app's instances are, and what sends users to them. */
export interface Place {
  /** Whether an app can be there at all, before there is anything of it. @throws cluster.* */
  requireRoom(where: Pick<AppRecord, 'cluster' | 'namespace'>): Promise<void>
  readonly runtime: Runtime
  readonly router: Router
}

/** `runtime` and `router` are those of the place that is spoken of: see `inPlace`. */
export interface Ports extends Place {
  readonly places: Readonly<Record<RuntimeName, Place>>
  readonly store: EngineStore
  readonly source: Source
  readonly builder: Builder
  readonly log: Log
  /** A named point at which a test may end the process; does nothing in production. */
  readonly fault: (point: string) => Promise<void> | void
}

/** What commands need: the engine's world, with more of the store and of the repositories. */
export interface CommandPorts extends Ports {
  readonly store: CommandStore
  readonly source: Source &
    KeyInspector & {
      /** Makes the repository of an app that Tagship hosts itself. A no-op where it is there. */
      ensureHosted(app: AppName): Promise<void>
    }
}
