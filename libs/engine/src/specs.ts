import {
  type ImageFacts,
  type Manifest,
  type ProcessSpec,
  parseProcessName,
  TagshipError,
} from '@tagship/domain'
import type { Claim, Instance, InstanceSpec } from './ports.ts'

/** A process of the manifest with its port settled. */
export interface SettledProcess {
  readonly name: string
  readonly spec: ProcessSpec
  /** Null: takes no traffic. */
  readonly port: number | null
}

/** Env and secrets of the revision. */
type Environment = Readonly<Record<string, string>>

/** The process that hosts are routed to. */
export const routedProcessName = 'web'

/** @throws process.noPort where `web` names no port and the image does not EXPOSE exactly one */
export function settleProcesses(manifest: Manifest, image: ImageFacts): SettledProcess[] {
  return Object.entries(manifest.processes).map(([name, spec]) => {
    if (name !== routedProcessName || spec.port !== null) return { name, spec, port: spec.port }
    const [port, second] = image.exposedPorts
    if (port !== undefined && second === undefined) return { name, spec, port }
    const found = port === undefined ? 'no port' : `the ports ${image.exposedPorts.join(', ')}`
    throw new TagshipError(
      'process.noPort',
      `tagship.yaml names no processes.web.port, and the image exposes ${found}`,
    )
  })
}

/** One spec per instance; the ordinals run over all processes, in the order of the manifest. */
export function instanceSpecs(
  claim: Claim,
  processes: readonly SettledProcess[],
  env: Environment,
): InstanceSpec[] {
  const base = baseSpec(claim, env)
  const specs: InstanceSpec[] = []
  for (const { name, spec, port } of processes) {
    for (let replica = 0; replica < spec.replicas; replica += 1) {
      specs.push({
        ...base,
        process: parseProcessName(name),
        ordinal: specs.length,
        replicas: spec.replicas,
        replica,
        port,
        counted: name === routedProcessName && claim.manifest?.rollout.analysis?.maxErrorRate != null,
        health: spec.health,
        command: spec.command,
        env: { ...base.env, ...(port === null ? {} : { PORT: String(port) }), TAGSHIP_PROCESS: name },
        memoryBytes: spec.resources.memory,
        cpus: spec.resources.cpu,
        drainMs: spec.drain,
        stopMs: spec.stop,
      })
    }
  }
  return specs
}

/** The one-off instance of the release command. */
export function releaseCommandSpec(claim: Claim, command: readonly string[], env: Environment): InstanceSpec {
  return { ...baseSpec(claim, env), process: parseProcessName('release'), ordinal: 31, command }
}

function baseSpec(claim: Claim, env: Environment): InstanceSpec {
  const { deployment, app, manifest } = claim
  if (!manifest || !deployment.imageDigest) {
    throw new TagshipError(
      'internal',
      `deployment ${deployment.id} is past its build, but has no image or no manifest`,
    )
  }
  return {
    app: app.name,
    deploymentId: deployment.id,
    deploymentNumber: deployment.number,
    release: deployment.releaseNumber,
    slot: slotOf(claim),
    process: parseProcessName(routedProcessName),
    ordinal: 0,
    replicas: 1,
    replica: 0,
    port: null,
    counted: false,
    health: null,
    imageDigest: deployment.imageDigest,
    command: null,
    env: {
      ...env,
      TAGSHIP_APP: app.name,
      TAGSHIP_RELEASE: `v${deployment.releaseNumber}`,
      TAGSHIP_COMMIT: deployment.commit,
      ...(deployment.tag ? { TAGSHIP_TAG: deployment.tag } : {}),
    },
    memoryBytes: 512 * 1024 ** 2,
    cpus: 1,
    drainMs: 0,
    stopMs: 10_000,
    filesystem: manifest.filesystem,
  }
}

/** The deployment's slot; before `starting` it has none yet and will get the idle one. */
export function slotOf(claim: Claim) {
  return claim.deployment.slot ?? (claim.app.liveSlot === 'blue' ? 'green' : 'blue')
}

/** The manifest's process that an instance belongs to. */
export function processOf(processes: readonly SettledProcess[], instance: Instance): SettledProcess {
  const process = processes.find(({ name }) => name === instance.process)
  if (!process)
    throw new TagshipError('internal', `instance ${instance.name} belongs to no process of its manifest`)
  return process
}
