import { type DoctorReport, doctorReport } from '@tagship/api'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { runController } from '../controller.ts'
import { CliError } from '../errors.ts'
import { printJson, printLines } from '../output/print.ts'
import { paint, plain } from '../output/text.ts'
import { type DataFlag, dataFolderOf, withData } from './data-folder.ts'

export function doctorCommand(): Command {
  return withData(withJson(command('doctor', 'check the machine, and say how to mend what is wrong'))).action(
    exitWith(doctor),
  )
}

async function doctor(flags: JsonFlag & DataFlag): Promise<number> {
  const args = ['doctor', '--data', dataFolderOf(flags), '--json']
  const { output } = await runController(args, { stdout: 'pipe', stderr: 2 })
  const checks = readReport(output)
  if (flags.json) printJson(checks)
  else printLines(checks.flatMap(describeCheck))
  return checks.every(({ ok }) => ok) ? 0 : 1
}

function describeCheck({ name, ok, detail, mend }: DoctorReport[number]): string[] {
  const mark = ok ? paint('green', '✔') : paint('red', '✖')
  const line = `${mark} ${name.padEnd(14)} ${plain(detail)}`
  return ok || mend === null ? [line] : [line, paint('cyan', `${' '.repeat(17)}${plain(mend)}`)]
}

function readReport(output: string): DoctorReport {
  try {
    return doctorReport.parse(JSON.parse(output))
  } catch (error) {
    throw new CliError({
      code: 'internal',
      detail: 'the checks ended without a report',
      mend: 'Please report it, with what is written above.',
      exitCode: 1,
      cause: error,
    })
  }
}
