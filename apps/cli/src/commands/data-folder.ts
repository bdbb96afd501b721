import { resolve } from 'node:path'
import { defaultDataFolder } from '@tagship/api'
import type { Command } from 'commander'

export interface DataFlag {
  readonly data?: string
}

export function withData(made: Command): Command {
  return made.option('--data <dir>', 'data folder (default: TAGSHIP_DATA, else ~/.local/share/tagship)')
}

/** As an absolute path. */
export function dataFolderOf({ data }: DataFlag): string {
  return resolve(data ?? defaultDataFolder(process.env))
}
