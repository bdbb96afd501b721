/** The commands, and how a line typed becomes one of them. Only the one that is typed is loaded. */
import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }

interface Entry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

const entry = (name: string, summary: string, load: Entry['load']): Entry => ({ name, summary, load })

const entries: readonly Entry[] = [
  entry('up', 'start what is missing on this machine', async () =>
    (await import('./commands/up.ts')).upCommand(),
  ),
  entry('down', 'stop the control plane; apps keep serving', async () =>
    (await import('./commands/down.ts')).downCommand(),
  ),
  entry('demo', 'the whole story on this machine, in about a minute', async () =>
    (await import('./commands/demo.ts')).demoCommand(),
  ),
  entry('doctor', 'check the machine, and say how to mend what is wrong', async () =>
    (await import('./commands/doctor.ts')).doctorCommand(),
  ),
  entry('backup', 'write history, config and repositories into a file', async () =>
    (await import('./commands/backup.ts')).backupCommand(),
  ),
  entry('restore', 'make an installation from a backup', async () =>
    (await import('./commands/restore.ts')).restoreCommand(),
  ),
  entry('login', 'remember a controller and a token', async () =>
    (await import('./commands/login.ts')).loginCommand(),
  ),
  entry('user', 'list, invite, change, reset and remove users', async () =>
    (await import('./commands/user.ts')).userCommand(),
  ),
  entry('token', 'create, list and revoke tokens', async () =>
    (await import('./commands/token.ts')).tokenCommand(),
  ),
  entry('app', 'add, list, show, set and remove apps, and how their repositories are reached', async () =>
    (await import('./commands/app.ts')).appCommand(),
  ),
  entry('env', 'env values of an app', async () => (await import('./commands/env.ts')).envCommand()),
  entry('secret', 'secrets of an app', async () => (await import('./commands/secret.ts')).secretCommand()),
  entry('tags', 'each tag seen, and why it was chosen or not', async () =>
    (await import('./commands/tags.ts')).tagsCommand(),
  ),
  entry('deploy', 'deploy a tag now', async () => (await import('./commands/deploy.ts')).deployCommand()),
  entry('deployments', 'the deployments of an app', async () =>
    (await import('./commands/deployments.ts')).deploymentsCommand(),
  ),
  entry('releases', 'the releases of an app', async () =>
    (await import('./commands/releases.ts')).releasesCommand(),
  ),
  entry('status', 'what is live, and what is under way', async () =>
    (await import('./commands/status.ts')).statusCommand(),
  ),
  entry('logs', 'logs of a deployment', async () => (await import('./commands/logs.ts')).logsCommand()),
  entry('promote', 'let a deployment that waits for it go on', async () =>
    (await import('./commands/promote.ts')).promoteCommand(),
  ),
  entry('cancel', 'stop a deployment under way', async () =>
    (await import('./commands/cancel.ts')).cancelCommand(),
  ),
  entry('rollback', 'back to the release before, or to the one named', async () =>
    (await import('./commands/rollback.ts')).rollbackCommand(),
  ),
  entry('hold', 'pause auto-deploy', async () => (await import('./commands/hold.ts')).holdCommand()),
  entry('resume', 'resume auto-deploy', async () => (await import('./commands/hold.ts')).resumeCommand()),
  entry('figures', 'how often, how fast and how safely is deployed', async () =>
    (await import('./commands/figures.ts')).figuresCommand(),
  ),
  entry('audit', 'who did what; proof that history is intact', async () =>
    (await import('./commands/audit.ts')).auditCommand(),
  ),
]

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  // A reader such as `head` may leave early; that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const program = await makeProgram(args)
  try {
    await program.parseAsync(args.map(completeWait), { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 || error.code === 'commander.help' ? 0 : 2
  }
}

async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('tagship')
    .description('Push a tag; a fresh image takes over; nothing running is ever patched.')
    .version(packageJson.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    // `audit verify --json`: what stands behind a command is its own, also where the one above has the same flag.
    .enablePositionalOptions()
    .showHelpAfterError('(tagship --help lists every command and flag)')
    .configureHelp({ showGlobalOptions: false })
  const words = args.filter((arg) => !arg.startsWith('-'))
  const typed = words[0] === 'help' ? words[1] : words[0]
  for (const { name, summary, load } of entries) {
    const made = name === typed ? await load() : new Command(name).description(summary)
    program.addCommand(inherit(made, program))
  }
  if (args.length === 0) program.action(() => program.help())
  return program
}

function inherit(made: Command, parent: Command): Command {
  made.copyInheritedSettings(parent)
  for (const child of made.commands) inherit(child, made)
  return made
}

/** `--wait` alone must not take the argument after it for its value. */
function completeWait(arg: string): string {
  return arg === '--wait' ? '--wait=serving' : arg
}
