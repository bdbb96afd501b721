import type { ControllerFile } from '@tagship/api'
import { isRunning } from '@tagship/kit'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { findControllers, runController } from '../controller.ts'
import { CliError } from '../errors.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { type DataFlag, dataFolderOf, withData } from './data-folder.ts'

interface Flags extends JsonFlag, DataFlag {
  readonly apps?: boolean
}

/** A controller finishes the step it is at; longer than this it does not take. */
const patienceMs = 30_000

export function downCommand(): Command {
  return withData(withJson(command('down', 'stop the control plane; apps keep serving')))
    .option('--apps', 'stop apps and router as well')
    .option('--yes', 'do not ask (it never does)')
    .action(exitWith(down))
}

async function down(flags: Flags): Promise<number> {
  const data = dataFolderOf(flags)
  const controllers = await findControllers(data)
  if (controllers.length === 0) note(`no controller runs on ${data}`)
  await Promise.all(controllers.map((controller) => stop(controller, data)))
  if (flags.apps) {
    const { exitCode } = await runController(['teardown', '--clusters', '--data', data], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    if (exitCode !== 0) return exitCode
  }
  if (flags.json) printJson({ data, stopped: controllers.length > 0, apps: flags.apps ?? false })
  else
    printLines([
      flags.apps
        ? 'control plane, apps and router are stopped'
        : 'the control plane is stopped; apps keep serving',
    ])
  return 0
}

async function stop(controller: ControllerFile, data: string): Promise<void> {
  const { pid } = controller
  process.kill(pid, 'SIGTERM')
  const deadline = Date.now() + patienceMs
  while (await isRunning(controller)) {
    if (Date.now() > deadline) {
      throw new CliError({
        code: 'timeout',
        detail: `the controller on ${data} (process ${pid}) has not ended after ${patienceMs / 1000} s`,
        mend: `Its log may say why. kill -9 ${pid} ends it; nothing is lost by that.`,
        exitCode: 3,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
