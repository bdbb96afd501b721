import { resolve } from 'node:path'
import { type BackupReport, backupReport } from '@tagship/api'
import { formatSize } from '@tagship/domain/units'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { reportOf } from '../controller.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { paint } from '../output/text.ts'
import { type DataFlag, dataFolderOf, withData } from './data-folder.ts'

interface Flags extends JsonFlag, DataFlag {
  readonly yes?: boolean
}

export function backupCommand(): Command {
  return withData(
    withJson(command('backup', 'write history, config and repositories into a file; also while it runs')),
  )
    .argument('<file>', 'where to; it is written whole or not at all')
    .option('--yes', 'replace a file of this name')
    .action(exitWith(backup))
}

async function backup(file: string, flags: Flags): Promise<number> {
  const args = ['backup', '--data', dataFolderOf(flags), '--file', resolve(file)]
  const report = await reportOf(flags.yes ? [...args, '--yes'] : args, backupReport, (text) =>
    note(paint('dim', `· ${text}`, process.stderr)),
  )
  if (flags.json) printJson(report)
  else printLines(describe(report))
  return report.missing.length > 0 ? 1 : 0
}

function describe({ file, bytes, rows, apps, repositories, missing }: BackupReport): string[] {
  return [
    `${paint('green', '✔')} ${file}: ${formatSize(bytes)}, ${rows} rows, ${apps} apps, ${repositories} repositories`,
    '  Not in it: images, and the key of the secrets (secret.key in the data folder). Keep the key elsewhere.',
    ...missing.map((what) => `${paint('red', '✖')} missing: ${what}`),
  ]
}
