/** The control plane as it is now, part by part; what does not answer is null, and nothing takes long. */
import { statfs } from 'node:fs/promises'
import type { SystemJson } from '@tagship/api'
import { endsSoon, runCommand } from '@tagship/kit'
import type { Parts } from './parts.ts'
import { readiness } from './readiness.ts'
import { readRegistry } from './registry.ts'
import { workerName } from './workers.ts'

const patienceMs = 2_000

/** @param self the id of this controller */
export function createSystemReport(parts: Parts, self: string): () => Promise<Omit<SystemJson, 'version'>> {
  return async () => {
    const [ready, queues, controllers, router, disk, versions] = await Promise.all([
      readiness(parts),
      inTime(parts.queue.counts()),
      describeControllers(parts, self),
      describeRouter(parts),
      describeDisk(parts),
      describeVersions(parts),
    ])
    return {
      installation: parts.data.installation,
      ready: { ok: ready.ok, checks: ready.checks.map((check) => ({ ...check })) },
      queues: queues && Object.entries(queues).map(([name, counts]) => ({ name, ...counts })),
      certificates: describeCertificates(parts),
      ...{ controllers, router, disk, versions },
    }
  }
}

async function describeControllers({ data, store }: Parts, self: string): Promise<SystemJson['controllers']> {
  const [{ alive }, leases] = await Promise.all([readRegistry(data), inTime(store.leaseCounts())])
  return alive.map(({ id, url, pid, startedAt, stopping }) => ({
    ...{ id, url, pid, startedAt, stopping },
    self: id === self,
    leases: leases && (leases.get(workerName(data, id)) ?? 0),
  }))
}

async function describeRouter({ router }: Parts): Promise<SystemJson['router']> {
  const { container, running } = await router.status()
  return { container, running, problem: router.problem() }
}

function describeCertificates({ certificates }: Parts): SystemJson['certificates'] {
  if (!certificates) return null
  const { certificates: items, problems } = certificates.now()
  return {
    items: items.map((certificate) => ({
      names: [...certificate.names],
      notAfter: certificate.notAfter.toISOString(),
      endsSoon: endsSoon(certificate),
      path: certificate.path,
    })),
    problems: problems.map((problem) => ({ ...problem })),
  }
}

async function describeDisk({ data, store }: Parts): Promise<SystemJson['disk']> {
  const [{ blocks, bavail, bsize }, databaseBytes] = await Promise.all([
    statfs(data.path),
    inTime(store.databaseBytes()),
  ])
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize, databaseBytes }
}

async function describeVersions({ store, docker, router }: Parts): Promise<SystemJson['versions']> {
  const [postgres, engine, { running }, git] = await Promise.all([
    inTime(store.databaseVersion()),
    inTime(docker.version()),
    router.status(),
    runCommand('git', ['--version'], { timeout: patienceMs }),
  ])
  return {
    node: process.versions.node,
    postgres,
    docker: engine?.Version ?? null,
    haproxy: running?.version ?? null,
    git: /\d+(\.\d+)+/.exec(git.stdout)?.[0] ?? null,
  }
}

function inTime<T>(asked: Promise<T>): Promise<T | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), patienceMs).unref())
  return Promise.race([asked.catch(() => null), late])
}
