import type { ControllerMessageInput } from '@tagship/api'
import { toTagshipError } from '@tagship/domain'
import { backup } from './backup/backup.ts'
import { restore } from './backup/restore.ts'
import { doctor } from './doctor.ts'
import { readOptions } from './options.ts'
import { keyVariable } from './secret-key.ts'
import { serve } from './serve.ts'
import { teardown } from './teardown.ts'

/** What this program can be started to do; people start it through `tagship up`, `down` and `doctor`. */
const commands = {
  serve: (args: string[]) => {
    const options = readOptions(args, process.env)
    // No program that this one starts needs the key.
    delete process.env[keyVariable]
    return serve(options, tell)
  },
  teardown: async (args: string[]) => print(await teardown(readOptions(args, process.env))),
  backup: async (args: string[]) => print(await backup(readOptions(args, process.env), tell)),
  restore: async (args: string[]) => print(await restore(readOptions(args, process.env), tell)),
  doctor: async (args: string[]) => print(await doctor(readOptions(args, process.env))),
} as const satisfies Record<string, (args: string[]) => Promise<void>>

const [name = '', ...args] = process.argv.slice(2)
if (!Object.hasOwn(commands, name)) {
  process.stderr.write(`usage: main.ts ${Object.keys(commands).join('|')} [options]\n`)
  process.exit(2)
}
try {
  await commands[name as keyof typeof commands](args)
  process.exit(0)
} catch (cause) {
  const error = toTagshipError(cause)
  tell({ type: 'failed', code: error.code, detail: error.message })
  if (!process.connected)
    process.stderr.write(`${error.entry.title}: ${error.message}\n${error.entry.mend}\n`)
  process.exit(error.entry.exitCode)
}

/** To whoever started this process with a channel; a parent that has gone away is no reason to stop. */
function tell(message: ControllerMessageInput): void {
  if (process.connected) process.send?.(message, () => {})
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
