/** How an instance is locked in on a cluster: everything of a pod that follows from its spec. */
import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1Probe, V1Volume } from '@kubernetes/client-node'
import { chooseProbe, type ImageFacts, type Probe } from '@tagship/domain'
import type { InstanceSpec } from '@tagship/engine'
import { setName, specLabels } from '@tagship/kubernetes'
import { parseVolume } from '../docker/container-options.ts'
import { aheadSeconds, configAnnotation, counterConfig, counterContainer, counterVolume } from './counter.ts'

/** Whoever an image says nothing else of runs as this user: nobody's, and never root. */
const nobody = 65_532

/** The least that a pod serves on when it is to end: meanwhile the routes to it are taken away on all nodes. */
const farewellSeconds = 3

/** What an image says of itself, as far as a cluster does not read it. */
export interface ImageConfig extends ImageFacts {
  /** `USER` of the Dockerfile; empty: root. */
  readonly user: string
  /** `HEALTHCHECK` as a command; null where there is none. */
  readonly healthcheck: readonly string[] | null
}

export interface TemplateInput {
  readonly installation: string
  readonly spec: InstanceSpec
  /** With the digest of its manifest. */
  readonly image: string
  /** That of the counter, where what the instance answers is counted. */
  readonly counterImage: string | null
  readonly config: ImageConfig
  /** The Secret with the credentials of the registry; null where it asks for none. */
  readonly pullSecret: string | null
}

export function podTemplate(input: TemplateInput, role: 'set' | 'release-command'): V1PodTemplateSpec {
  const { installation, spec, counterImage } = input
  const port = counterImage === null ? null : spec.port
  const annotations = port === null ? {} : { annotations: { [configAnnotation]: counterConfig(port) } }
  return {
    metadata: { labels: specLabels(installation, spec, role), ...annotations },
    spec: podSpec(input, role),
  }
}

function podSpec(input: TemplateInput, role: string): V1PodSpec {
  const { spec, image, config, pullSecret, installation } = input
  const isSet = role === 'set'
  const counter = counterOf(input)
  return {
    restartPolicy: isSet ? 'Always' : 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Once more for what comes on kept connections while it drains: only its SIGTERM lets a program end those.
    terminationGracePeriodSeconds:
      serveOnSeconds(spec, counter !== null) + drainSeconds(spec) + Math.ceil(spec.stopMs / 1_000),
    securityContext: { ...userOf(config.user), seccompProfile: { type: 'RuntimeDefault' } },
    ...(pullSecret === null ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    ...(isSet && spec.replicas > 1
      ? {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: {
                matchLabels: { 'dev.tagship': installation, 'dev.tagship.set': setName(spec) },
              },
            },
          ],
        }
      : {}),
    containers: [container(spec, image, config, isSet, counter !== null), ...(counter ? [counter] : [])],
    volumes: [...volumesOf(spec), ...(counter ? [counterVolume()] : [])],
  }
}

function counterOf({ spec, counterImage }: TemplateInput): V1Container | null {
  if (counterImage === null || spec.port === null) return null
  return counterContainer(counterImage, { spec, port: spec.port, drainSeconds: drainSeconds(spec) })
}

function container(
  spec: InstanceSpec,
  image: string,
  config: ImageConfig,
  isSet: boolean,
  isCounted: boolean,
): V1Container {
  const [program, ...args] = spec.command ?? []
  const { filesystem } = spec
  const readinessProbe = isSet && spec.health ? probeOf(spec, config) : null
  return {
    name: spec.process,
    image,
    imagePullPolicy: 'IfNotPresent',
    ...(program === undefined ? {} : { command: [program], args }),
    envFrom: [{ secretRef: { name: environmentName(spec, isSet) } }],
    // Named after the slot: a Service finds the port of whichever release its slot holds. A counter stands before it.
    ...(spec.port === null || isCounted
      ? {}
      : { ports: [{ name: spec.slot, containerPort: spec.port, protocol: 'TCP' }] }),
    resources: {
      limits: { cpu: `${Math.ceil(spec.cpus * 1_000)}m`, memory: `${spec.memoryBytes}` },
      // Room for a tenth is kept free: processors can be shared, memory cannot.
      requests: { cpu: `${Math.ceil(spec.cpus * 100)}m`, memory: `${spec.memoryBytes}` },
    },
    securityContext: {
      readOnlyRootFilesystem: filesystem.readOnly,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      ...filesystem.tmpfs.map((mountPath, index) => ({ name: `tmp-${index}`, mountPath })),
      ...filesystem.volumes.map((volume, index) => ({
        name: `data-${index}`,
        mountPath: parseVolume(volume).path,
      })),
    ],
    ...(readinessProbe ? { readinessProbe } : {}),
    // An image without `sleep` gets its SIGTERM at once: the hook fails, and the cluster goes on as without it.
    ...(spec.port === null
      ? {}
      : { lifecycle: { preStop: { exec: { command: ['sleep', `${serveOnSeconds(spec, isCounted)}`] } } } }),
  }
}

/** How long it serves what it has, once it is to end. A Service counts nothing, so it is a time and no event. */
function drainSeconds({ port, drainMs }: InstanceSpec): number {
  return port === null ? 0 : Math.max(farewellSeconds, Math.ceil(drainMs / 1_000))
}

/** Until a program gets its SIGTERM. A counter goes ahead of it. */
function serveOnSeconds(spec: InstanceSpec, isCounted: boolean): number {
  return drainSeconds(spec) + (isCounted ? aheadSeconds : 0)
}

/** The name of the Secret with its environment: immutable, and as long there as what it belongs to. */
export function environmentName(spec: InstanceSpec, isSet: boolean): string {
  return isSet ? setName(spec) : `${setName(spec)}-once`
}

/** A user that the image gives by name is left to it: a cluster cannot tell who that is. */
function userOf(user: string) {
  const [name = '', group] = user.split(':')
  if (name === '' || name === 'root' || name === '0') {
    return { runAsNonRoot: true, runAsUser: nobody, runAsGroup: nobody, fsGroup: nobody }
  }
  if (!/^\d+$/.test(name)) return {}
  return {
    runAsNonRoot: true,
    runAsUser: Number(name),
    ...(/^\d+$/.test(group ?? '') ? { runAsGroup: Number(group) } : {}),
  }
}

/** What is written to a tmpfs counts as memory of the instance; a volume is a claim of the same name that is there. */
function volumesOf({ filesystem, memoryBytes }: InstanceSpec): V1Volume[] {
  const sizeLimit = `${Math.floor(memoryBytes / 2)}`
  return [
    ...filesystem.tmpfs.map((_, index) => ({
      name: `tmp-${index}`,
      emptyDir: { medium: 'Memory', sizeLimit },
    })),
    ...filesystem.volumes.map((volume, index) => ({
      name: `data-${index}`,
      persistentVolumeClaim: { claimName: parseVolume(volume).name },
    })),
  ]
}

/** Decides whether a pod gets traffic, as long as it runs; whether a release goes live is decided by `probe`. */
function probeOf(spec: InstanceSpec, config: ImageConfig): V1Probe | null {
  const { health } = spec
  if (!health) return null
  const action = probeAction(chooseProbe(health, spec.port, config), health.status, config)
  if (!action) return null
  return {
    ...action,
    periodSeconds: Math.max(1, Math.round(health.interval / 1_000)),
    timeoutSeconds: Math.max(1, Math.ceil(health.timeout / 1_000)),
    failureThreshold: 3,
  }
}

function probeAction(
  probe: Probe,
  status: { readonly from: number; readonly to: number },
  { healthcheck }: ImageConfig,
): V1Probe | null {
  if (probe.kind === 'running') return null
  if (probe.kind === 'image') return healthcheck ? { exec: { command: [...healthcheck] } } : null
  // A cluster knows only one range of statuses; another one is looked at by `probe` alone.
  const isClusters = status.from === 200 && status.to === 399
  return probe.kind === 'http' && isClusters
    ? { httpGet: { path: probe.path, port: probe.port } }
    : { tcpSocket: { port: probe.port } }
}
