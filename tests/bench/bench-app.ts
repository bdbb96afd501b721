/** An app of the product under measurement: examples/node-web, released by pushing tags. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeploymentJson } from '@tagship/api'
import { createDocker } from '@tagship/kit'
import type { SampleRepository } from '@tagship/tests/git'
import type { Installation } from '@tagship/tests/installation'
import { exampleRepository } from './example.ts'

const patienceMs = 60_000

export interface BenchApp extends AsyncDisposable {
  readonly name: string
  /**
   * Commits the version and pushes it as the tag `vVERSION`. Times are milliseconds since 1970 by this machine's
   * clock: of the push's begin, and of the first answer by the version.
   */
  release(version: string): Promise<{ began: number; answered: number; deployment: DeploymentJson }>
  /** When the version answered for the first time, asked as fast as one client can. */
  firstAnswerBy(version: string): Promise<number>
  /** Resolves once the deployment is in the state. */
  reached(deployment: DeploymentJson, state: DeploymentJson['state']): Promise<void>
  /** Resolves once one instance is left: the old slot is gone. */
  alone(): Promise<void>
}

/** @param rollout how long the old slot stays after a switch */
export async function addBenchApp(
  installation: Installation,
  buildArgs: Readonly<Record<string, string>>,
  rollout: { readonly bake: string; readonly keepWarm: string },
): Promise<BenchApp> {
  const name = `bench-${randomBytes(4).toString('hex')}`
  const host = `${name}.localhost`
  const repository = await exampleRepository('node-web', { 'tagship.yaml': renderManifest(rollout) })
  await installation.client.addApp({ body: { name, hosts: [host], buildArgs } })

  const firstAnswerBy = (version: string) =>
    until(`an answer by ${version}`, 1, async () => {
      const answer = await installation.fetch(host, '/version').catch(() => null)
      return answer?.version === version ? Date.now() : null
    })
  return {
    name,
    firstAnswerBy,
    release: async (version) => {
      await tagVersion(repository, version)
      const began = Date.now()
      const push = async () => {
        const { exitCode, stderr } = await installation.push(name, repository, 'main', `v${version}`)
        if (exitCode !== 0) throw new Error(`git push of v${version}: ${stderr}`)
      }
      const [answered] = await Promise.all([firstAnswerBy(version), push()])
      const { items } = await installation.client.listDeployments({
        params: { app: name },
        query: { limit: 1 },
      })
      const deployment = items.find(({ tag }) => tag === `v${version}`)
      if (!deployment) throw new Error(`the push of v${version} made no deployment`)
      return { began, answered, deployment }
    },
    reached: async ({ id }, state) => {
      await until(`the deployment to be ${state}`, 20, async () => {
        const now = await installation.client.getDeployment({ params: { id } })
        return now.state === state ? true : null
      })
    },
    alone: async () => {
      const docker = createDocker()
      const filters = { label: [`dev.tagship.app=${name}`, 'dev.tagship.role=instance'] }
      await until('the old instance to go', 50, async () => {
        const containers = await docker.listContainers({ all: true, filters })
        return containers.length === 1 ? true : null
      })
    },
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
  }
}

async function tagVersion(repository: SampleRepository, version: string): Promise<void> {
  await repository.commit({ VERSION: `${version}\n` })
  await repository.tag(`v${version}`)
}

function renderManifest({ bake, keepWarm }: { bake: string; keepWarm: string }): string {
  return `processes:
  web:
    port: 8080
    health: { path: /healthz, deadline: 15s }
    resources: { memory: 512m, cpu: 1 }
rollout: { bake: ${bake}, keepWarm: ${keepWarm} }
`
}

/** Asks again and again until there is an answer. */
async function until<T>(what: string, pauseMs: number, ask: () => Promise<T | null>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(pauseMs)) {
    const answer = await ask()
    if (answer !== null) return answer
  }
  throw new Error(`waited ${patienceMs / 1_000} s for ${what}`)
}
