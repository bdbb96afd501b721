import type { AppJson, Client } from '@tagship/api'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { usageError } from '../errors.ts'
import { describeApp, statusColumns, statusRow } from '../output/app.ts'
import { degradedLines } from '../output/degraded.ts'
import { createLiveRegion } from '../output/live-region.ts'
import { deploymentLabel, stateWords } from '../output/names.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { progressLines } from '../output/progress.ts'
import { renderTable } from '../output/table.ts'
import { take } from './lists.ts'

interface Flags extends JsonFlag {
  readonly watch?: boolean
}

export function statusCommand(): Command {
  return withJson(command('status', 'live release, slot, and what is under way'))
    .argument('[app]', 'one app; without it, all of them')
    .option('-w, --watch', 'go on, and show each change as it happens')
    .action(exitWith(status))
}

async function status(name: string | undefined, flags: Flags): Promise<number> {
  if (flags.watch && flags.json) {
    throw usageError(
      '--watch never ends, so that it cannot print one JSON document',
      'Follow GET /api/v1/events instead.',
    )
  }
  const client = await connect()
  const [shown, degraded] = await Promise.allSettled([show(client, name, flags), degradedLines(client)])
  if (degraded.status === 'fulfilled') degraded.value.forEach(note)
  if (shown.status === 'rejected') throw shown.reason
  return flags.watch ? watch(client, name) : 0
}

async function show(client: Client, name: string | undefined, flags: Flags): Promise<void> {
  if (flags.watch) return
  if (name !== undefined) {
    const app = await client.getApp({ params: { app: name } })
    if (flags.json) printJson(app)
    else printLines(describeApp(app))
    return
  }
  const apps = await readApps(client, undefined)
  if (flags.json) printJson(apps)
  else if (apps.length === 0) note('there are no apps yet; tagship app add NAME makes the first')
  else printLines(overview(apps, undefined, 0))
}

async function readApps(client: Client, name: string | undefined): Promise<AppJson[]> {
  if (name !== undefined) return [await client.getApp({ params: { app: name } })]
  return take(10_000, (query) => client.listApps({ query }))
}

/** Ends when it is interrupted. On a terminal the overview is drawn anew with each event; else each event is a line. */
async function watch(client: Client, name: string | undefined): Promise<number> {
  const query = name === undefined ? {} : { app: name }
  // Opened before the first look, so that nothing in between is missed.
  const events = await client.follow.readEvents({ query })
  let apps = await readApps(client, name)
  const view = process.stdout.isTTY ? createLiveRegion(process.stdout) : null
  let frame = 0
  const draw = () => {
    frame += 1
    view?.draw(overview(apps, name, frame))
  }
  const timer = view ? setInterval(draw, 100) : undefined
  draw()
  try {
    for await (const { event, deployment } of events) {
      if (view) apps = await readApps(client, name)
      else if (deployment && event.to)
        printLines([`${event.at} ${deploymentLabel(deployment)}: ${stateWords(event.to)}`])
      else printLines([`${event.at} ${event.app}: ${event.type}`])
    }
    return 0
  } finally {
    clearInterval(timer)
  }
}

function overview(apps: readonly AppJson[], name: string | undefined, frame: number): string[] {
  const now = Date.now()
  const only = name === undefined ? undefined : apps[0]
  const phases = apps.flatMap(({ active }) =>
    active && frame > 0 ? ['', ...progressLines(active, frame, now)] : [],
  )
  const head = only
    ? describeApp(only, now)
    : renderTable(
        statusColumns,
        apps.map((app) => statusRow(app, now)),
        terminalWidth(),
      )
  return [...head, ...phases]
}
