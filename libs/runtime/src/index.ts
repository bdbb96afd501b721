/** What can run instances: one entry a runtime, each behind the engine's `Runtime` port. */
import { createDockerRuntime } from './docker/runtime.ts'

export type { DockerRuntimeOptions } from './docker/runtime.ts'
export { createDockerRuntime }

/** By the name that an app's `runtime` setting has. */
export const runtimes = { docker: createDockerRuntime } as const
