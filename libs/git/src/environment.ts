/** The environment that every git process gets: no prompts, no hooks, no surprises from the caller's own. */

/** What of the caller's `GIT_*` variables reaches git; the rest (GIT_DIR in a hook, say) would mislead it. */
const inheritedGitVariables = /^GIT_(SSL_.*|SSH_COMMAND|SSH_VARIANT|EXEC_PATH)$/

const sshCommand =
  'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=10 ' +
  '-o ServerAliveInterval=15 -o ServerAliveCountMax=4'

/** Settings of git(1), by key. They travel in the environment, where no other user of the machine sees them. */
export type GitConfig = Readonly<Record<string, string>>

const hardening: GitConfig = {
  'core.hooksPath': '/dev/null',
  'core.attributesFile': '/dev/null',
  // A push that was acknowledged outlasts a power cut.
  'core.fsync': 'all',
  'core.fsyncMethod': 'batch',
  'core.fsmonitor': 'false',
  'protocol.ext.allow': 'never',
  // The repositories are our own, whoever owns the files of the data folder.
  'safe.directory': '*',
}

/** For work on our own repositories: neither the user's nor the system's settings, and no transport at all. */
export function localEnvironment(config: GitConfig = {}): Record<string, string> {
  return {
    ...environment({ ...hardening, ...config }),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: '',
  }
}

/**
 * For work with a remote: the operator's credential helpers, proxies and CA bundles count, and only the
 * transports of `protocols` (separated by colons) are allowed.
 */
export function remoteEnvironment(protocols: string, config: GitConfig): Record<string, string> {
  return {
    ...environment({
      ...hardening,
      'protocol.version': '2',
      // A server that says nothing for half a minute is gone.
      'http.lowSpeedLimit': '1',
      'http.lowSpeedTime': '30',
      ...config,
    }),
    GIT_ALLOW_PROTOCOL: protocols,
  }
}

function environment(config: GitConfig): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (!entry[0].startsWith('GIT_') || inheritedGitVariables.test(entry[0])),
  )
  return {
    GIT_SSH_COMMAND: sshCommand,
    ...Object.fromEntries(inherited),
    ...configVariables(config),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    LC_ALL: 'C',
  }
}

function configVariables(config: GitConfig, from = 0): Record<string, string> {
  const settings = Object.entries(config)
  const variables = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${from + index}`, key],
    [`GIT_CONFIG_VALUE_${from + index}`, value],
  ])
  return { ...Object.fromEntries(variables), GIT_CONFIG_COUNT: String(from + settings.length) }
}

/** An environment of git with more settings than it has. */
export function addConfig(env: Readonly<Record<string, string>>, config: GitConfig): Record<string, string> {
  const count = Number(env.GIT_CONFIG_COUNT ?? '0')
  return { ...env, ...configVariables(config, count) }
}
