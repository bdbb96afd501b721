/** The cluster that the tests run against: the one of KUBECONFIG, else one that is built and started for them. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '@tagship/kit'

const folder = fileURLToPath(new URL('cluster', import.meta.url))

/** What `up` ends with where another cluster is up: that one is not ours to end. */
const inUse = 3

/** The parts of a cluster of ours. */
export type Part = 'etcd' | 'apiserver' | 'kcm' | 'sched' | 'kubelet' | 'proxy'

export interface TestCluster extends AsyncDisposable {
  readonly kubeconfig: string
  /** Null: a cluster that was given, whose parts are nobody's to touch. */
  readonly run: string | null
}

/** @param nodes without one, it has a control plane only */
export async function startCluster(nodes: 0 | 1 = 1): Promise<TestCluster> {
  if (process.env.KUBECONFIG) {
    return { kubeconfig: process.env.KUBECONFIG, run: null, [Symbol.asyncDispose]: async () => {} }
  }
  const bin = await buildPrograms()
  const run = await mkdtemp(join(tmpdir(), 'tagship-k8s-'))
  const env = { BIN: bin, RUN: run, OWNER: String(process.pid), NODES: String(nodes) }
  const down = async () => {
    await runCommand(join(folder, 'cluster.sh'), ['down'], { env, timeout: 120_000 })
    await rm(run, { recursive: true, force: true })
  }
  const started = await runCommand(join(folder, 'cluster.sh'), ['up'], {
    env,
    timeout: 180_000,
  })
  if (started.exitCode !== 0) {
    if (started.exitCode === inUse) await rm(run, { recursive: true, force: true })
    else await down()
    throw new Error(`the test cluster could not be started:\n${started.stderr}`)
  }
  return { kubeconfig: join(run, 'conf/admin.yaml'), run, [Symbol.asyncDispose]: down }
}

/** The programs, from the cache, else built: some minutes, once. */
export async function buildPrograms(): Promise<string> {
  const script = join(folder, 'build.sh')
  const key = createHash('sha256')
    .update(await readFile(script))
    .digest('hex')
    .slice(0, 16)
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tagship', `kubernetes-${key}`)
  if (existsSync(join(cache, 'complete'))) return cache
  await mkdir(cache, { recursive: true })
  process.stderr.write('tests: Building Kubernetes from Debian’s source, once: three to eleven minutes ...\n')
  const building = spawn(script, [cache], { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(building, 'exit')
  if (code !== 0) throw new Error(`building Kubernetes ended with ${code}`)
  return cache
}

/** The process of a part; for signals. */
export async function pidOf(run: string, part: Part): Promise<number> {
  return Number(await readFile(join(run, 'pid', part), 'utf8'))
}

/** Starts a part that has ended once more, as it was. */
export async function startPart(run: string, part: Part): Promise<void> {
  const { exitCode, stderr } = await runCommand(join(folder, 'cluster.sh'), ['start', part], {
    env: { BIN: 'unused', RUN: run },
    timeout: 20_000,
  })
  if (exitCode !== 0) throw new Error(`${part} could not be started: ${stderr}`)
}
