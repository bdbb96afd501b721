/** What has to hold after every fault, whichever it was. Each check says what is wrong, or nothing. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '@tagship/kit'
import { processesNamed } from './processes.ts'
import { query } from './query.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

/** Replicas of the sample app. */
const replicas = 2
/** Until what is replaced, outdated or left over has to be gone. */
const patienceMs = 45_000

/** Each app, and the version that has to answer. */
type Serving = Readonly<Record<string, string>>
type Site = Pick<World, 'at' | 'machine'>

/** @returns what is wrong, in words; empty where all is well */
export async function whatIsWrong(site: Site, serving: Serving): Promise<string[]> {
  const wrong: string[] = []
  for (const [what, check] of Object.entries(checks)) {
    let last: string[] = []
    const holds = async () => {
      last = await check(site, serving).catch((error: Error) => [error.message])
      return last.length === 0
    }
    await until(what, patienceMs, holds).catch(() =>
      wrong.push(...last.map((detail) => `${what}: ${detail}`)),
    )
  }
  return wrong
}

const checks: Readonly<Record<string, (site: Site, serving: Serving) => Promise<string[]>>> = {
  'one release serves': async ({ at }, serving) =>
    ofEach(serving, async (app, version) => {
      const { live } = await at.client.getApp({ params: { app } })
      const answers = await Promise.all(Array.from({ length: 4 }, () => at.fetch(`${app}.localhost`)))
      const others = answers.filter((answer) => answer.version !== version)
      return [
        ...(live?.tag === `v${version}` ? [] : [`the app says ${live?.tag}, not v${version}`]),
        ...others.map((answer) => `${answer.status} by ${answer.version}, not ${version}`),
      ]
    }),

  'no container is left over': async ({ at, machine: { docker } }, serving) =>
    ofEach(serving, async (app) => {
      const { live } = await at.client.getApp({ params: { app } })
      const containers = await docker.listContainers({ all: true, filters: ownLabel(at.id) })
      const instances = containers.filter(({ Labels }) => Labels['dev.tagship.app'] === app)
      const strangers = instances.filter(
        ({ Labels }) => Labels['dev.tagship.deployment'] !== live?.deployment,
      )
      const names = strangers.map(({ Names }) => `${Names[0]} belongs to what does not serve`)
      return instances.length - strangers.length === replicas
        ? names
        : [...names, `${instances.length - strangers.length} instances serve, not ${replicas}`]
    }),

  'no program is left over': async () =>
    (await processesNamed('runc:[2:INIT]')).map(
      (pid) => `process ${pid} waits for an engine that has forgotten it`,
    ),

  'no network is left over': async ({ at, machine: { docker } }, serving) => {
    const networks = await docker.listNetworks({ filters: ownLabel(at.id) })
    return networks.length === Object.keys(serving).length
      ? []
      : [`networks: ${networks.map(({ Name }) => Name).join(', ')}`]
  },

  'every image belongs to a release': async ({ at, machine: { docker } }) => {
    const images = await docker.listImages({ filters: ownLabel(at.id) })
    const digests = await query(at, 'SELECT DISTINCT image_digest AS digest FROM releases')
    const known = new Set(digests.map(({ digest }) => digest))
    return images.filter(({ Id }) => !known.has(Id)).map(({ Id }) => `${Id} belongs to none`)
  },

  'nothing is spooled': async ({ at }) => readdir(join(at.data, 'spool')),

  'git is at rest': async ({ at }) => {
    const names = await readdir(join(at.data, 'git'), { recursive: true })
    // Scratch of ours, and of git: locks, packs that arrive, the quarantine of a push.
    return names.filter((name) => /(^|\/)(\.tagship-|tmp_|incoming-)|\.lock$/.test(name))
  },

  'no job is left over': async ({ at }) => {
    const server = at.env.REDIS_URL ? ['-u', at.env.REDIS_URL] : ['-s', join(at.data, 'redis.sock')]
    const pattern = `tagship:${at.id}:*`
    const { exitCode, stdout, stderr } = await runCommand('redis-cli', [
      ...server,
      '--scan',
      '--pattern',
      pattern,
    ])
    if (exitCode !== 0) return [`redis-cli: ${stderr}`]
    // A job has a number; `de` remembers a key for as long as its job is there. Maintenance always has jobs.
    return stdout.split('\n').filter((key) => /^tagship:\w+:(deployments|builds|tags):(\d+|de:.*)$/.test(key))
  },

  'nothing is under way': async ({ at }) =>
    (
      await query(
        at,
        `SELECT 'deployment ' || number || ' is ' || state AS what FROM deployments
           WHERE finished_at IS NULL AND state <> 'live'
         UNION ALL SELECT 'deployment ' || number || ' is leased' FROM deployments WHERE lease_holder IS NOT NULL
         UNION ALL SELECT 'a build is ' || state FROM builds WHERE finished_at IS NULL OR lease_holder IS NOT NULL
         UNION ALL SELECT 'the job ' || key || ' waits to be sent' FROM outbox WHERE run_at < now() - interval '2 s'
         UNION ALL SELECT 'instance ' || i.name || ' counts as there' FROM instances i
           JOIN deployments d ON d.id = i.deployment_id WHERE i.removed_at IS NULL AND d.state <> 'live'`,
      )
    ).map(({ what }) => String(what)),

  'nothing was done twice': async ({ at }) =>
    (
      await query(
        at,
        `SELECT 'deployment ' || d.number || ' entered ' || e.to_state || ' ' || count(*) || ' times' AS what
           FROM events e JOIN deployments d ON d.id = e.deployment_id
           WHERE e.to_state IS NOT NULL GROUP BY d.id, d.number, e.to_state HAVING count(*) > 1`,
      )
    ).map(({ what }) => String(what)),

  'the history is intact': async ({ at }) => {
    const { exitCode, stdout } = await at.tagship('audit', 'verify')
    return exitCode === 0 ? [] : [stdout.trim()]
  },
}

const ownLabel = (installation: string) => ({ label: [`dev.tagship=${installation}`] })

async function ofEach(
  serving: Serving,
  look: (app: string, version: string) => Promise<string[]>,
): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(serving).map(async ([app, version]) =>
      (await look(app, version)).map((detail) => `${app}: ${detail}`),
    ),
  )
  return found.flat()
}
