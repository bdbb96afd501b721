/** How an instance is locked in: everything of a container that follows from its spec. */
import type { InstanceSpec } from '@tagship/engine'
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode'
import { containerLabels, containerName, networkName, type Role } from './names.ts'

const maxProcesses = 512
const logRotation = { 'max-size': '10m', 'max-file': '3' }

export interface Place {
  readonly installation: string
  /** Null: the engine chooses one. */
  readonly address: string | null
  /** CPUs of the engine's machine: a limit above that is refused, and would mean nothing. */
  readonly machineCpus: number
}

/**
 * The command of a spec takes the place of the image's ENTRYPOINT and CMD together, as a manifest says what
 * runs in whole; the image's user, working folder, stop signal and HEALTHCHECK stay.
 */
export function containerOptions(spec: InstanceSpec, role: Role, place: Place): ContainerCreateOptions {
  const network = networkName(place.installation, spec.app)
  const [program, ...args] = spec.command ?? []
  return {
    name: containerName(place.installation, spec, role),
    Image: spec.imageDigest,
    ...(program === undefined ? {} : { Entrypoint: [program], Cmd: args }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: containerLabels(place.installation, spec, role),
    StopTimeout: Math.ceil(spec.stopMs / 1_000),
    HostConfig: hostConfig(spec, role, network, place.machineCpus),
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: place.address === null ? {} : { IPAMConfig: { IPv4Address: place.address } },
      },
    },
  }
}

function hostConfig(spec: InstanceSpec, role: Role, network: string, machineCpus: number): HostConfig {
  const { readOnly, tmpfs, volumes } = spec.filesystem
  return {
    NetworkMode: network,
    ReadonlyRootfs: readOnly,
    // What is written there counts as memory of the instance; half of it leaves the program room to live.
    Tmpfs: Object.fromEntries(
      tmpfs.map((path) => [path, `rw,exec,nosuid,nodev,mode=1777,size=${Math.floor(spec.memoryBytes / 2)}`]),
    ),
    Mounts: volumes.map(toMount),
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    // Without capabilities not even root may listen on port 80, were it not for this.
    Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
    PidsLimit: maxProcesses,
    Memory: spec.memoryBytes,
    MemorySwap: spec.memoryBytes,
    NanoCpus: Math.round(Math.min(spec.cpus, machineCpus) * 1e9),
    LogConfig: { Type: 'json-file', Config: logRotation },
    Init: true,
    RestartPolicy: { Name: role === 'instance' ? 'unless-stopped' : 'no' },
  }
}

/** `NAME:/path`. */
function toMount(volume: string): MountSettings {
  const { name, path } = parseVolume(volume)
  return { Type: 'volume', Source: name, Target: path }
}

export function parseVolume(volume: string): { name: string; path: string } {
  const colon = volume.indexOf(':')
  return { name: volume.slice(0, colon), path: volume.slice(colon + 1) }
}
