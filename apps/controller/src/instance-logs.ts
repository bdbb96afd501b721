import type { CommandPorts, Instance, LogLine } from '@tagship/engine'

export interface InstanceLogOptions {
  readonly process?: string | undefined
  readonly tail?: number | undefined
  readonly after?: Date | undefined
  readonly follow?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface InstanceLogLine {
  readonly at: Date
  /** `web.0`: the process and the instance's ordinal. */
  readonly process: string
  readonly text: string
}

/** The lines of all instances of a deployment that run now, as they come. */
export async function* instanceLogs(
  ports: CommandPorts,
  deploymentId: string,
  { process, ...options }: InstanceLogOptions,
): AsyncIterable<InstanceLogLine> {
  const deployment = await ports.store.deploymentById(deploymentId)
  const app = deployment && (await ports.store.appById(deployment.appId))
  if (!app) return
  const { runtime } = ports.places[deployment.runtime]
  const instances = (await runtime.list(app.name, deploymentId)).filter(
    (instance) => process === undefined || instance.process === process,
  )
  const settings = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  yield* merge(instances.map((instance) => named(instance, runtime.logs(instance, settings))))
}

async function* named(instance: Instance, lines: AsyncIterable<LogLine>): AsyncGenerator<InstanceLogLine> {
  for await (const { at, text } of lines)
    yield { at, process: `${instance.process}.${instance.ordinal}`, text }
}

/** Whichever has a line next, gives it. */
async function* merge<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = (source: AsyncGenerator<T>) => source.next().then((result) => ({ source, result }))
  const pending = new Map(sources.map((source) => [source, next(source)]))
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values())
      if (result.done) pending.delete(source)
      else {
        pending.set(source, next(source))
        yield result.value
      }
    }
  } finally {
    await Promise.all([...pending.keys()].map((source) => source.return(undefined)))
  }
}
