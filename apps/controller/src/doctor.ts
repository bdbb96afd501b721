import { statfs } from 'node:fs/promises'
import { createClient, type DoctorReport } from '@tagship/api'
import { formatSize, TagshipError, toTagshipError } from '@tagship/domain'
import { createAskEngine, createDocker, endsSoon, readCertificates, runCommand } from '@tagship/kit'
import { openDataFolder } from './data-folder.ts'
import { preparedImages } from './images.ts'
import type { Options } from './options.ts'
import { readRegistry } from './registry.ts'

type Check = DoctorReport[number]

const leastFreeBytes = 2_000_000_000
const answerMs = 5_000

/** One that hangs must not make the doctor hang. */
const askEngine = createAskEngine(
  (trouble, detail, cause) => new TagshipError(`engine.${trouble}`, detail, { cause }),
)
const inTime = <T>(call: () => Promise<T>) => askEngine('the Docker Engine', call, answerMs)

/** Looks at the machine and at each dependency; changes nothing. */
export async function doctor(options: Options): Promise<DoctorReport> {
  return Promise.all([
    examine('Node.js', checkNode, 'Start Tagship through ./tagship, which brings the right one.'),
    examine('git', checkGit, 'Install git 2.30 or newer: apt-get install git.'),
    examine('Docker Engine', checkDocker, 'Start it, or let ./tagship up do so; then try again.'),
    examine(
      'live-restore',
      checkLiveRestore,
      'Set "live-restore": true in /etc/docker/daemon.json: apps then outlive a restart of the engine. It cannot be used with Swarm.',
    ),
    examine('images', checkImages, 'Run ./tagship prepare.'),
    examine(
      'queue',
      () => checkQueue(options),
      'Install redis-server, or set REDIS_URL. Without either the queue lives in Postgres: slower, but it works.',
    ),
    examine(
      'data folder',
      () => checkFolder(options),
      'Free disk space, or choose another folder with --data DIR.',
    ),
    ...(options.tls
      ? [
          examine(
            'certificates',
            () => checkCertificates(options.tls),
            'Renew what ends soon, and put certificate and key into one folder; what is put there is served within seconds.',
          ),
        ]
      : []),
    examine(
      'controller',
      () => checkController(options),
      'Apps serve on. Bring back what is missing (Postgres: DATABASE_URL, free disk space; queue: REDIS_URL, memory and role of that server; the controller: tagship up); the rest goes on by itself.',
    ),
  ])
}

async function examine(name: string, look: () => Promise<string>, mend: string): Promise<Check> {
  try {
    return { name, ok: true, detail: await look(), mend: null }
  } catch (error) {
    return { name, ok: false, detail: toTagshipError(error).message, mend }
  }
}

async function checkNode(): Promise<string> {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 24) throw new Error(`version ${process.versions.node}; 24 is needed`)
  return process.versions.node
}

async function checkGit(): Promise<string> {
  const { stdout, startError } = await runCommand('git', ['--version'])
  if (startError) throw new Error('git was not found')
  return stdout.trim()
}

async function checkDocker(): Promise<string> {
  const { Version, ApiVersion } = await inTime(() => createDocker().version())
  return `${Version}, API ${ApiVersion}`
}

async function checkLiveRestore(): Promise<string> {
  const info: { LiveRestoreEnabled?: boolean } = await inTime(() => createDocker().info())
  if (!info.LiveRestoreEnabled) throw new Error('is off: containers stop when the engine is restarted')
  return 'is on'
}

async function checkImages(): Promise<string> {
  const docker = createDocker()
  const names = await preparedImages()
  for (const name of names) await inTime(() => docker.getImage(name).inspect())
  return names.join(', ')
}

async function checkQueue({ redisUrl }: Options): Promise<string> {
  if (redisUrl) return 'REDIS_URL is set'
  const { stdout, startError } = await runCommand('redis-server', ['--version'])
  if (startError) throw new Error('redis-server was not found')
  return stdout.trim().split(' ').slice(0, 3).join(' ')
}

async function checkCertificates(tls: Options['tls']): Promise<string> {
  if (!tls) return 'no TLS'
  const { certificates, problems } = await readCertificates(tls.folder)
  const [problem] = problems
  if (problem) throw new Error(`${problem.path}: ${problem.problem}`)
  const soon = certificates.find(endsSoon)
  if (soon) throw new Error(`that of ${soon.names.join(', ')} ends on ${soon.notAfter.toISOString()}`)
  if (certificates.length === 0) throw new Error(`there is none in ${tls.folder}`)
  return certificates.flatMap(({ names }) => names).join(', ')
}

/** One that does not run lacks nothing. */
async function checkController({ data }: Options): Promise<string> {
  const { alive } = await readRegistry(await openDataFolder(data))
  const urls = await Promise.all(alive.map(({ url }) => requireReady(url).then(() => url)))
  return urls.length === 0 ? 'does not run' : `runs at ${urls.join(', ')}`
}

async function requireReady(url: string): Promise<void> {
  const client = createClient({ url, token: null })
  const { ok, checks } = await client.readiness({ signal: AbortSignal.timeout(answerMs) })
  if (ok) return
  const missing = checks.filter((check) => !check.ok).map(({ name, detail }) => `${name}: ${detail}`)
  throw new Error(`the control plane is degraded: ${missing.join('; ')}`)
}

async function checkFolder({ data }: Options): Promise<string> {
  const { path, installation } = await openDataFolder(data)
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  if (free < leastFreeBytes)
    throw new Error(`${path} has ${formatSize(free)} free; builds need ${formatSize(leastFreeBytes)}`)
  return `${path} (installation ${installation}), ${formatSize(free)} free`
}
