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

/** Which lines. */
export interface LogFilter {
  readonly source?: LogSource | undefined
  readonly process?: string | undefined
  /** Upper and lower case are one. */
  readonly q?: string | undefined
}

export interface LogRequest extends LogFilter {
  readonly limit: number
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly tail?: number | undefined
}

export interface LogPage extends Page<LogLineJson> {
  /** Leads to the lines before. */
  readonly previous: string | null
  /** Where to go on from, once there is more. */
  readonly last: string | null
}

interface Sources {
  readonly store: HttpStore
  readonly commands: Commands
}

const batch = 500

/** @throws input.invalid */
export async function readLogs(
  sources: Sources,
  deployment: Deployment,
  request: LogRequest,
): Promise<LogPage> {
  if (comesFromInstances(deployment, request)) return readInstances(sources.commands, deployment, request)
  const { before, tail, limit } = request
  return before === undefined && tail === undefined
    ? readForward(sources.store, deployment, request)
    : readBackward(sources.store, deployment, request, Math.min(tail ?? limit, limit))
}

async function readForward(store: HttpStore, deployment: Deployment, request: LogRequest): Promise<LogPage> {
  const { limit, after } = request
  const from = readLineCursor(after) ?? 0
  const lines = await store.logs({ ...storedQuery(deployment, request), after: from, limit: limit + 1 })
  const page = toPage(lines, limit, ({ seq }) => seq)
  const first = page.items[0]?.seq ?? from + 1
  return pageOf(page.items, { next: page.next, previous: first > 1 ? writeCursor(first) : null }, after)
}

/** More than any log has lines, and as much as the database counts to. */
const afterTheEnd = 2_147_483_647

/** @throws input.invalid */
function readLineCursor(cursor: string | undefined): number | undefined {
  const seq = readNumberCursor(cursor)
  return seq === undefined ? undefined : Math.min(seq, afterTheEnd)
}

async function readBackward(
  store: HttpStore,
  deployment: Deployment,
  request: LogRequest,
  limit: number,
): Promise<LogPage> {
  const before = readLineCursor(request.before) ?? afterTheEnd
  const lines = await store.logs({ ...storedQuery(deployment, request), before, limit: limit + 1 })
  const items = lines.slice(Math.max(0, lines.length - limit))
  const [first] = items
  const previous = first && lines.length > limit ? writeCursor(first.seq) : null
  return pageOf(items, { next: null, previous }, undefined)
}

function pageOf(
  lines: readonly LogRecord[],
  ends: Pick<LogPage, 'next' | 'previous'>,
  after: string | undefined,
): LogPage {
  const last = lines.at(-1)
  return {
    items: lines.map(presentLine),
    ...ends,
    last: last ? writeCursor(last.seq) : (after ?? null),
  }
}

/** Of those that run, only forward: their lines are numbered once they are kept. */
async function readInstances(
  commands: Commands,
  deployment: Deployment,
  request: LogRequest,
): Promise<LogPage> {
  const lines: InstanceLine[] = []
  const tail = request.tail ?? (request.after === undefined ? request.limit : undefined)
  for await (const line of commands.instanceLogs(deployment.id, instanceQuery({ ...request, tail }))) {
    if (matches(line, request)) lines.push(line)
    if (lines.length > request.limit) break
  }
  const page = toPage(lines, request.limit, ({ at }) => at.toISOString())
  const last = page.items.at(-1)
  return {
    items: page.items.map(presentInstanceLine),
    next: page.next,
    previous: null,
    last: last ? writeCursor(last.at.toISOString()) : (request.after ?? null),
  }
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
  const query = { ...storedQuery(deployment, request), limit: batch }
  let after = readLineCursor(request.after) ?? 0
  using changes = watchChanges(store, ['log', 'deployment'], signal)
  while (!signal.aborted) {
    // Asked before the lines are read: what is written until a source has ended is there by then.
    const ended = hasEnded((await store.deploymentById(deployment.id)) ?? deployment, request.source)
    const lines = await store.logs({ ...query, after })
    for (const line of lines) {
      after = line.seq
      yield { id: writeCursor(line.seq), data: presentLine(line) }
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
    if (matches(line, request))
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

export function storedQuery({ id }: Deployment, { source, process, q }: LogFilter) {
  return { deploymentId: id, source, process, text: q }
}

function matches({ text }: InstanceLine, { q }: LogFilter): boolean {
  return q === undefined || text.toLowerCase().includes(q.toLowerCase())
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
