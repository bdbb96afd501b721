/** What the tests against real git share. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppName, type CommitSha, parseAppName, parseRepoUrl } from '@tagship/domain'
import type { Log, Repository } from '@tagship/engine'
import { onTestFinished } from 'vitest'
import { createGitSource, type GitLimits, type GitSourceOptions } from '../src/index.ts'
import { mirrorOf } from '../src/mirror.ts'

export const shop: AppName = parseAppName('shop')

/** Keeps what was logged. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  return { lines, info: keep, warn: keep, error: keep }
}

/** An empty folder that goes with the test. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-git-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export async function testSource(
  limits: Partial<GitLimits> = {},
  folder?: string,
  more: Pick<GitSourceOptions, 'accessOf' | 'signersOf'> = {},
) {
  const home = folder ?? (await testFolder())
  const log = memoryLog()
  const [repositories, spoolFolder] = [join(home, 'repositories'), join(home, 'spool')]
  const source = createGitSource({ folder: repositories, spoolFolder, log, limits, ...more })
  const mirror = (url: string) => mirrorOf(repositories, parseRepoUrl(url), shop).gitDir
  return { source, log, folder: repositories, spoolFolder, mirror }
}

export function remoteRepository(url: string): Repository {
  return { app: shop, url: parseRepoUrl(url) }
}

export const hostedRepository: Repository = { app: shop, url: null }

/** Listens on the loopback until the test is over. @returns the base URL, without a slash at its end */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer({ requestTimeout: 0 }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** A SHA that comes from git itself. */
export const sha = (value: string) => value as CommitSha
