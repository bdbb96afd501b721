/** The logs of a deployment: what is stored of it, and what its instances write now. */
import type { LogLineJson } from '@tagship/api'
import { type Deployment, type DeploymentState, finalStates, isSettled, TagshipError } from '@tagship/domain'
import type { LogSource } from '@tagship/engine'
import type { LogRecord } from '@tagship/store'
import { watchChanges } from './changes.ts'
import type { Commands, InstanceLine } from './commands.ts'
import { type Page, readNumberCursor, readTextCursor, toPage, writeCursor } from './cursor.ts'
import { presentLine } from './present.ts'
import type { StreamItem } from './server-sent-events.ts'
import type { HttpStore } from './store.ts'

export interface LogRequest {
  readonly limit: number
  readonly after?: string | undefined
  readonly source?: LogSource | undefined
  readonly process?: string | undefined
  readonly tail?: number | undefined
}

interface Sources {
  readonly store: HttpStore
  readonly commands: Commands
}

const batch = 500

/** @throws input.invalid */
export async function readLogs(
  { store, commands }: Sources,
  deployment: Deployment,
  request: LogRequest,
): Promise<Page<LogLineJson>> {
  if (!comesFromInstances(deployment, request)) {
    const lines = await store.logs(storedQuery(deployment, request, request.limit + 1))
    const page = toPage(lines, request.limit, ({ seq }) => seq)
    return { items: page.items.filter((line) => isWanted(line, request)).map(presentLine), next: page.next }
  }
  const lines: InstanceLine[] = []
  const tail = request.tail ?? (request.after === undefined ? request.limit : undefined)
  for await (const line of commands.instanceLogs(deployment.id, instanceQuery({ ...request, tail }))) {
    lines.push(line)
    if (lines.length > request.limit) break
  }
  const page = toPage(lines, request.limit, ({ at }) => at.toISOString())
  return { items: page.items.map(presentInstanceLine), next: page.next }
}

/** Ends where no more lines can come. @throws input.invalid */
export function followLogs(
  { store, commands }: Sources,
  deployment: Deployment,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  return comesFromInstances(deployment, request)
    ? followInstances(commands, deployment, request, signal)
    : followStored(store, deployment, request, signal)
}

async function* followStored(
  store: HttpStore,
  deployment: Deployment,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const query = storedQuery(deployment, request, batch)
  let { after } = query
  using changes = watchChanges(store, ['log', 'deployment'], signal)
  while (!signal.aborted) {
    // Asked before the lines are read: what is written until a source has ended is there by then.
    const ended = hasEnded((await store.deploymentById(deployment.id)) ?? deployment, request.source)
    const lines = await store.logs({ ...query, after })
    for (const line of lines) {
      after = line.seq
      if (isWanted(line, request)) yield { id: writeCursor(line.seq), data: presentLine(line) }
    }
    if (lines.length > 0) continue
    if (ended) return
    await changes.next()
  }
}

async function* followInstances(
  commands: Commands,
  deployment: Deployment,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const query = { ...instanceQuery(request), follow: true, signal }
  for await (const line of commands.instanceLogs(deployment.id, query)) {
    yield { id: writeCursor(line.at.toISOString()), data: presentInstanceLine(line) }
  }
}

/** Of a deployment that is over, no instance is left to ask: what was kept of their lines is stored. */
function comesFromInstances(deployment: Deployment, { source }: LogRequest): boolean {
  return source === 'instance' && !(finalStates as readonly DeploymentState[]).includes(deployment.state)
}

function hasEnded({ state }: Deployment, source: LogSource | undefined): boolean {
  if (source === 'build') return state !== 'queued' && state !== 'building'
  if (source === 'release') return state !== 'queued' && state !== 'building' && state !== 'releasing'
  return isSettled(state)
}

function storedQuery(deployment: Deployment, { after, source }: LogRequest, limit: number) {
  const query = { deploymentId: deployment.id, after: readNumberCursor(after) ?? 0, limit }
  return source === undefined ? query : { ...query, source }
}

function isWanted(line: LogRecord, { process }: LogRequest): boolean {
  return process === undefined || line.process === process
}

/** @throws input.invalid */
function instanceQuery({ after, process, tail }: LogRequest) {
  const since = readTextCursor(after)
  if (since !== undefined && Number.isNaN(Date.parse(since))) {
    throw new TagshipError('input.invalid', 'after: must be the "next" of the page before')
  }
  return {
    ...(since === undefined ? {} : { after: new Date(since) }),
    ...(process === undefined ? {} : { process }),
    ...(tail === undefined || since !== undefined ? {} : { tail }),
  }
}

function presentInstanceLine({ at, process, text }: InstanceLine): LogLineJson {
  return { seq: null, at: at.toISOString(), source: 'instance', process, text }
}
