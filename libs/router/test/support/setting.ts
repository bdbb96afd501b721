/** A router of the test's own, and instances to put behind it. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAppName, parseHostName, type Slot } from '@tagship/domain'
import type { Routed, RouteTarget } from '@tagship/engine'
import { createLogger } from '@tagship/kit'
import { type DockerScope, dockerScope } from '@tagship/tests/docker'
import { afterAll } from 'vitest'
import { createHaproxyRouter, type HaproxyOptions, type HaproxyRouter } from '../../src/index.ts'

export const shop = parseAppName('shop')
export const shopHost = parseHostName('shop.test')

/** What the rows say before the shop moves from there. */
export function shopFrom(live: Slot): Routed {
  return { app: shop, hosts: [shopHost], live }
}

export interface Setting {
  readonly folder: string
  readonly scope: DockerScope
  readonly options: HaproxyOptions
  readonly router: HaproxyRouter
  readonly containerName: string
  readonly url: string
}

/** Nothing runs yet. Everything is gone when the file's tests are done. To be called at the top of a file. */
export async function openSetting(
  more: Partial<HaproxyOptions> & { parent?: string } = {},
): Promise<Setting> {
  const parent = await mkdtemp(join(tmpdir(), 'tagship-router-'))
  // Hooks run last to first: the container goes before its folder.
  afterAll(() => rm(parent, { recursive: true, force: true }))
  const scope = dockerScope(afterAll)
  const port = await freePort()
  const options: HaproxyOptions = {
    docker: scope.docker,
    installation: scope.installation,
    folder: join(parent, more.parent ?? '', 'router'),
    image: 'tagship/router:1',
    bind: { address: '127.0.0.1', port },
    seats: 20,
    log: createLogger('test', 'error'),
    ...more,
  }
  const router = createHaproxyRouter(options)
  const containerName = `tagship-${scope.installation}-router`
  return {
    folder: parent,
    scope,
    options,
    router,
    containerName,
    url: `http://127.0.0.1:${options.bind.port}`,
  }
}

export interface TestInstance {
  readonly target: RouteTarget
  kill(): Promise<void>
}

/** `examples/node-web` at a version, in a container. */
export async function startInstance(
  { scope, folder }: Setting,
  name: string,
  version: string,
): Promise<TestInstance> {
  const app = await mkdtemp(join(folder, 'app-'))
  await cp(new URL('../../../../examples/node-web', import.meta.url), app, { recursive: true })
  await writeFile(join(app, 'VERSION'), version)
  const container = await scope.docker.createContainer({
    Image: 'tagship/base:1',
    Cmd: ['/usr/local/bin/node', '/app/server.js'],
    Labels: { 'dev.tagship': scope.installation },
    HostConfig: { Binds: [`${app}:/app:ro`], Init: true },
  })
  await container.start()
  const { NetworkSettings } = await container.inspect()
  const target = { name, address: NetworkSettings.Networks.bridge?.IPAddress ?? '', port: 8080 }
  await until(`${name} listens`, async () =>
    fetch(`http://${target.address}:8080/healthz`).then(
      (answer) => answer.ok,
      () => false,
    ),
  )
  return { target, kill: () => container.kill() }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

export async function until(what: string, condition: () => Promise<boolean>, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(10)) if (await condition()) return
  throw new Error(`in vain: ${what}`)
}
