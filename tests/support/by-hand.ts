/**
 * A deployment done by hand over the Docker API, with nothing around it: the least time that any tool needs on
 * this machine. The same commit, image and hardening as an instance of Tagship has.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from '@tagship/kit'
import { type DockerScope, dockerScope } from './docker.ts'
import { gitEnvironment, type SampleRepository } from './git.ts'

/** Milliseconds. */
export interface BootTimes {
  readonly create: number
  readonly start: number
  /** From the engine's answer to the start until the first 200 of the health path. */
  readonly healthy: number
  readonly total: number
}

export interface DeployTimes extends BootTimes {
  readonly archive: number
  readonly build: number
}

export interface ByHand extends AsyncDisposable {
  /** The present commit of the repository: `git archive`, build, create, start, first 200. */
  deploy(): Promise<DeployTimes>
  /** Of the image that was built last: create, start, first 200. */
  boot(): Promise<BootTimes>
  /** Where the instance that was booted last answers: `http://172.17.0.2:8080`. */
  readonly url: string
}

interface Instance {
  readonly id: string
  readonly url: string
}

/** The repository's app has to listen on port 8080 and to answer `GET /healthz`. Dispose of it at the end. */
export async function startByHand(
  repository: SampleRepository,
  buildArgs: Readonly<Record<string, string>>,
): Promise<ByHand> {
  let cleanup = async () => {}
  const scope = dockerScope((removal) => {
    cleanup = removal
  })
  const folder = await mkdtemp(join(tmpdir(), `${scope.installation}-`))
  const network = await scope.docker.createNetwork({
    Name: `tagship-${scope.installation}`,
    Labels: { 'dev.tagship': scope.installation },
  })
  let image = ''
  let live: Instance | null = null

  /** The old instance goes when the new one is healthy, outside of the time that is measured. */
  const replaceBy = async (next: Instance) => {
    if (live) await scope.docker.getContainer(live.id).remove({ force: true })
    live = next
  }
  const boot = async () => {
    const { instance, times } = await bootInstance(scope, network.id, image)
    await replaceBy(instance)
    return times
  }
  return {
    boot,
    deploy: async () => {
      const context = join(folder, 'context.tar')
      const begin = performance.now()
      await archive(repository, context)
      const archived = performance.now()
      image = await build(scope, context, buildArgs)
      const built = performance.now()
      const { instance, times } = await bootInstance(scope, network.id, image)
      const total = performance.now() - begin
      await replaceBy(instance)
      return { archive: archived - begin, build: built - archived, ...times, total }
    },
    get url() {
      return live?.url ?? ''
    },
    [Symbol.asyncDispose]: async () => {
      await cleanup()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function archive(repository: SampleRepository, path: string): Promise<void> {
  const { exitCode, stderr } = await runCommand(
    'git',
    ['archive', '--format=tar', '--output', path, 'HEAD'],
    {
      cwd: repository.folder,
      env: gitEnvironment(),
    },
  )
  if (exitCode !== 0) throw new Error(`git archive: ${stderr}`)
}

/** @returns the image's digest */
async function build(
  { docker, installation }: DockerScope,
  context: string,
  buildargs: Readonly<Record<string, string>>,
): Promise<string> {
  // An `object`, as the client's types know the version only as a string, and with that it opens a session.
  const query: object = { version: 2, buildargs, labels: { 'dev.tagship': installation } }
  const messages = new Readable().wrap(await docker.buildImage(context, query))
  let last = ''
  for await (const line of createInterface({ input: messages })) {
    const digest = /"id":"moby\.image\.id".*"ID":"(sha256:[0-9a-f]{64})"/.exec(line)?.[1]
    if (digest) return digest
    last = line || last
  }
  throw new Error(`the image was not built: ${last}`)
}

async function bootInstance(
  { docker, installation }: DockerScope,
  network: string,
  image: string,
): Promise<{ instance: Instance; times: BootTimes }> {
  const begin = performance.now()
  const container = await docker.createContainer({
    Image: image,
    Labels: { 'dev.tagship': installation },
    HostConfig: {
      NetworkMode: network,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': '' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
      Memory: 512 * 1024 * 1024,
      NanoCpus: 1e9,
      PidsLimit: 512,
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    },
  })
  const created = performance.now()
  await container.start()
  const { NetworkSettings } = await container.inspect()
  const [address] = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress)
  const url = `http://${address}:8080`
  const started = performance.now()
  await untilHealthy(`${url}/healthz`)
  const healthy = performance.now()
  const times = {
    create: created - begin,
    start: started - created,
    healthy: healthy - started,
    total: healthy - begin,
  }
  return { instance: { id: container.id, url }, times }
}

async function untilHealthy(url: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await answers200(url))) {
    if (performance.now() > deadline) throw new Error(`${url} did not answer 200 within 30 s`)
    await sleep(3)
  }
}

function answers200(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}
