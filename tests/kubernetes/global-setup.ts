/** One cluster and one registry for a whole run. */
import type { TestProject } from 'vitest/node'
import { startCluster } from './cluster.ts'
import { startRegistry } from './registry.ts'

declare module 'vitest' {
  interface ProvidedContext {
    kubeconfig: string
    /** The folder of the cluster that was started for the tests; null for one that was given. */
    clusterFolder: string | null
    registry: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster()
  const given = process.env.TAGSHIP_REGISTRY
  const registry = given ? null : await startRegistry()
  project.provide('kubeconfig', cluster.kubeconfig)
  project.provide('clusterFolder', cluster.run)
  project.provide('registry', registry?.address ?? given ?? '')
  return async () => {
    await registry?.[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
  }
}
