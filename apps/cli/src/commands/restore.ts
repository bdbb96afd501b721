import { resolve } from 'node:path'
import { type RestoreReport, restoreReport } from '@tagship/api'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { reportOf } from '../controller.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { paint } from '../output/text.ts'
import { type DataFlag, dataFolderOf, withData } from './data-folder.ts'

interface Flags extends JsonFlag, DataFlag {
  readonly keyFile?: string
}

export function restoreCommand(): Command {
  return withData(withJson(command('restore', 'make an installation from a backup, in an empty data folder')))
    .argument('<file>', 'what tagship backup has written')
    .option('--key-file <file>', 'the key of the secrets: secret.key of the old data folder')
    .action(exitWith(restore))
}

async function restore(file: string, flags: Flags): Promise<number> {
  const args = ['restore', '--data', dataFolderOf(flags), '--file', resolve(file)]
  const key = flags.keyFile === undefined ? [] : ['--key-file', resolve(flags.keyFile)]
  const report = await reportOf([...args, ...key], restoreReport, (text) =>
    note(paint('dim', `· ${text}`, process.stderr)),
  )
  if (flags.json) printJson(report)
  else printLines(describe(report))
  return report.broken.length > 0 ? 1 : 0
}

function describe(report: RestoreReport): string[] {
  const { data, createdAt, rows, repositories, broken, settled, live, warnings } = report
  const [good, bad, remark] = [paint('green', '✔'), paint('red', '✖'), paint('yellow', '!')]
  return [
    `${good} ${data} is as it was at ${createdAt}: ${rows} rows, ${repositories} repositories`,
    ...broken.map((problem) => `${bad} the history was not intact when the backup was made: ${problem}`),
    ...warnings.map((warning) => `${remark} ${warning}`),
    ...settled.map(
      ({ app, number, from, to }) => `  deployment ${number} of ${app} was ${from}; it is ${to} now`,
    ),
    ...live.map((one) => `  ${one.app}: ${one.release} serves again after tagship up: ${wayBack(one)}`),
    '',
    `  Next: tagship up --data ${data}, and tagship status. Tokens are those of the backup: tagship login.`,
  ]
}

function wayBack({ image, commit }: RestoreReport['live'][number]): string {
  if (image === 'present') return 'its image is on this machine'
  const again = `${commit.slice(0, 7)} is built again, as a new release`
  return image === 'gone'
    ? `its image is not here, so that ${again}`
    : `where its image is not here, ${again}`
}
