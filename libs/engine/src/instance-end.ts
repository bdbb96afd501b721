import { type Deployment, parseAppName, TagshipError } from '@tagship/domain'
import type { Instance, Ports, Runtime } from './ports.ts'

const lastLines = 15

/** A process that is meant to go on has ended, or was started again after it had. */
export function hasEnded(instance: Instance): boolean {
  return instance.state === 'exited' || instance.state === 'restarting' || instance.restarts > 0
}

/**
 * Who ends by itself is started again at once. Who stays at its end was ended by its engine, which stopped, or by somebody
 * who told the engine to.
 */
export function wasEnded({ state, note }: Instance): boolean {
  return state === 'exited' && note === null
}

/** What is `restarting` or `replacing` is the runtime's to bring back; what has no address was cut from its network. */
export function canServe({ state, address }: Instance): boolean {
  return state === 'restarting' || state === 'replacing' || (state === 'running' && address !== null)
}

/** Whether any instance of the deployment can serve: to go back to one without any would end the traffic. */
export async function isLeft({ places }: Ports, deployment: Deployment): Promise<boolean> {
  const { runtime } = places[deployment.runtime]
  return (await runtime.list(parseAppName(deployment.app), deployment.id)).some(canServe)
}

/** What is told about an instance that has ended: how, and its last lines. */
export async function describeEnd(runtime: Runtime, instance: Instance): Promise<TagshipError> {
  const lines: string[] = []
  for await (const line of runtime.logs(instance, { tail: lastLines })) lines.push(line.text)
  const who = `${instance.process} (${instance.name})`
  if (instance.outOfMemory)
    return new TagshipError('instance.outOfMemory', [`${who} ran out of memory`, ...lines].join('\n'))
  const how =
    instance.exitCode === null
      ? (instance.note ?? 'ended, and was started again')
      : `exited with code ${instance.exitCode}`
  const said = lines.length > 0 ? lines : ['(it printed nothing)']
  return new TagshipError('instance.exited', [`${who} ${how}; its last lines:`, ...said].join('\n'))
}
