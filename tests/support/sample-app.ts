/** The sample web app as a repository of versions: each a commit with a tag. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SampleRepository, sampleRepository } from './git.ts'

export interface SampleApp extends SampleRepository {
  /** Commits the version (and other files) and tags it `v…`. @returns the commit */
  version(version: string, files?: Readonly<Record<string, string>>): Promise<string>
}

/** Quick to bake and to refuse: tests have no minutes to watch. */
export const quickManifest = `processes:
  web:
    port: 8080
    replicas: 2
    drain: 15s
    stop: 5s
    health: { path: /healthz, interval: 100ms, deadline: 10s }
    resources: { memory: 256m, cpu: 1 }
rollout: { bake: 1s, keepWarm: 2s }
`

/** The base image that the launcher prepares, as a build arg of an app. */
export async function localBase(): Promise<string> {
  const version = await readFile(new URL('../../deploy/images/base/VERSION', import.meta.url), 'utf8')
  return `BASE=tagship/base:${version.trim()}`
}

export async function sampleApp(manifest = quickManifest, example = 'node-web'): Promise<SampleApp> {
  const files = await exampleFiles(example)
  const repository = await sampleRepository({
    files: { ...files, ...(manifest ? { 'tagship.yaml': manifest } : {}) },
  })
  return {
    ...repository,
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
    async version(version, changed = {}) {
      const commit = await repository.commit({ ...changed, VERSION: `${version}\n` }, `Release ${version}`)
      await repository.tag(`v${version}`)
      return commit
    },
  }
}

async function exampleFiles(example: string): Promise<Record<string, Buffer>> {
  const folder = fileURLToPath(new URL(`../../examples/${example}`, import.meta.url))
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Object.fromEntries(
    await Promise.all(
      files.map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(folder.length + 1), await readFile(path)] as const
      }),
    ),
  )
}
