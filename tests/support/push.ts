import { type CommandResult, runCommand } from '@tagship/kit'
import { gitEnvironment } from './git.ts'

export interface PushOptions {
  /** Of the controller. */
  readonly url: string
  readonly token: string
  readonly app: string
  /** Of the repository that is pushed from. */
  readonly folder: string
  readonly refs: readonly string[]
}

/** Pushes to the repository that Tagship hosts for the app. @returns what the pusher saw, and git's exit code */
export function push({ url, token, app, folder, refs }: PushOptions): Promise<CommandResult> {
  const credentials = Buffer.from(`test:${token}`).toString('base64')
  return runCommand('git', ['push', `${url}/git/${app}.git`, ...refs], {
    cwd: folder,
    timeout: 170_000,
    env: {
      ...gitEnvironment(),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
    },
  })
}
