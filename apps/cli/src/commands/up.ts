import type { ChildProcess } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { type ControllerMessage, controllerLogPath, controllerMessage } from '@tagship/api'
import { type Command, Option } from 'commander'
import { command, exitWith, type JsonFlag, port, withJson } from '../command.ts'
import { readConfig, writeConfig } from '../config.ts'
import { controllerFailure, findControllers, type Streams, startController } from '../controller.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { renderFields } from '../output/table.ts'
import { paint } from '../output/text.ts'
import { type DataFlag, dataFolderOf, withData } from './data-folder.ts'

interface Flags extends JsonFlag, DataFlag {
  readonly port: number
  readonly httpPort: number
  readonly bind: string
  readonly detach?: boolean
}

type Ready = Extract<ControllerMessage, { type: 'ready' }>

export function upCommand(): Command {
  return withData(
    withJson(command('up', 'start what is missing on this machine: Postgres, Redis, router, controller')),
  )
    .addOption(new Option('--port <n>', 'port of the API').argParser(port).default(7070))
    .addOption(new Option('--http-port <n>', 'port that apps are served on').argParser(port).default(8080))
    .option('--bind <address>', 'address that the API listens on', '127.0.0.1')
    .option('--detach', 'return when it is ready, and leave it running')
    .action(exitWith(up))
}

async function up(flags: Flags): Promise<number> {
  const data = dataFolderOf(flags)
  const args = [
    'serve',
    '--data',
    data,
    '--port',
    `${flags.port}`,
    '--http-port',
    `${flags.httpPort}`,
    '--bind',
    flags.bind,
  ]
  const child = startController(args, streamsFor(data, flags.detach ?? false))
  const ended = endOf(child)
  // From here on the controller is ours to stop, until it is ready and left alone.
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)

  const ready = await untilReady(child, ended, data)
  await report(ready, data, flags)
  if (flags.detach || ready.adopted) {
    process.off('SIGINT', forward).off('SIGTERM', forward)
    if (child.connected) child.disconnect()
    child.unref()
    return 0
  }
  return ended
}

/** In the foreground the log comes to this terminal; stdout stays free for the result. */
function streamsFor(data: string, detach: boolean): Streams {
  if (!detach) return { stdout: 2, stderr: 2 }
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const log = openSync(controllerLogPath(data), 'a', 0o600)
    return { stdout: log, stderr: log }
  } catch (error) {
    throw controllerFailure(
      'data.notWritable',
      `${data}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Prints progress as it comes. @throws what the controller says, or that it ended without a word */
function untilReady(child: ChildProcess, ended: Promise<number>, data: string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.on('message', (received) => {
      const message = controllerMessage.safeParse(received).data
      if (message?.type === 'progress') note(paint('dim', `· ${message.text}`, process.stderr))
      if (message?.type === 'ready') resolve(message)
      if (message?.type === 'failed') reject(controllerFailure(message.code, message.detail))
    })
    ended.then((code) =>
      reject(
        controllerFailure(
          'internal',
          `the controller ended (exit code ${code}) before it was ready; its log: ${controllerLogPath(data)}`,
        ),
      ),
    )
  })
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 130 : 1)))
  })
}

async function report(ready: Ready, data: string, flags: Flags): Promise<void> {
  const config = await keepToken(ready, data)
  if (flags.json) {
    const { url, appsUrl, firstToken, setUpLink, installation, adopted } = ready
    return printJson({ url, appsUrl, firstToken, setUpLink, installation, adopted, data, config })
  }
  const mark = paint('green', '✔')
  printLines([
    ready.adopted ? `${mark} Tagship runs already` : `${mark} Tagship is up`,
    ...renderFields([
      ['  open', ready.url],
      ['  apps', ready.appsUrl],
      ['  data', data],
      ...(flags.detach ? [['  log', controllerLogPath(data)] as const] : []),
    ]),
  ])
  if (ready.firstToken) {
    printLines([
      '',
      `  admin token  ${paint('bold', ready.firstToken)}`,
      `  It is shown this once${config ? `, and kept in ${config}` : ''}.`,
      ...(ready.setUpLink
        ? [
            '',
            `  set-up link  ${paint('bold', ready.setUpLink)}`,
            '  It makes the first admin of the dashboard, once, within a day.',
          ]
        : []),
      '',
      '  Next: tagship app add NAME',
    ])
  }
}

/**
 * The first token is kept; later, an address that has changed is, unless a controller is still reached at the old one.
 * @returns the file's path where it was written
 */
async function keepToken({ url, firstToken, installation }: Ready, data: string): Promise<string | null> {
  if (firstToken) return writeConfig({ url, token: firstToken, installation })
  const config = await readConfig().catch(() => null)
  if (!config?.token || config.installation !== installation) return null
  if ((await findControllers(data)).some((controller) => controller.url === config.url)) return null
  return writeConfig({ ...config, url })
}
