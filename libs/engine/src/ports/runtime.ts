/** What runs instances. */
import type {
  AppName,
  HealthSpec,
  ImageDigest,
  ImageFacts,
  Manifest,
  Probe,
  ProbeResult,
  ProcessName,
  Slot,
} from '@tagship/domain'

/** Everything an instance is made from; nothing of it changes afterwards. */
export interface InstanceSpec {
  readonly app: AppName
  readonly deploymentId: string
  readonly deploymentNumber: number
  readonly release: number
  readonly slot: Slot
  readonly process: ProcessName
  /** 0, 1, 2, … over all processes of the deployment: unique, and the base of name and address. */
  readonly ordinal: number
  /** How many instances the process has. */
  readonly replicas: number
  /** 0, 1, 2, … within the process. */
  readonly replica: number
  /** Null: takes no traffic. */
  readonly port: number | null
  /** Somebody judges what it answers: where the router counts nothing, something else has to. */
  readonly counted: boolean
  readonly health: HealthSpec | null
  readonly imageDigest: ImageDigest
  /** Null: the image's own. */
  readonly command: readonly string[] | null
  readonly env: Readonly<Record<string, string>>
  readonly memoryBytes: number
  readonly cpus: number
  /** How long requests in flight may take to finish once nothing new is sent to it. */
  readonly drainMs: number
  readonly stopMs: number
  readonly filesystem: Manifest['filesystem']
}

export interface Instance {
  /** The runtime's own id (of the container or pod). */
  readonly id: string
  readonly name: string
  readonly app: AppName
  readonly deploymentId: string
  readonly release: number
  readonly slot: Slot
  readonly process: ProcessName
  readonly ordinal: number
  /** IP address that the router reaches it at; null while it does not run. */
  readonly address: string | null
  /** `replacing`: the runtime has lost it (with its node, say), and is putting another in its stead. */
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'replacing' | 'exited'
  /** How often the runtime has started it again. */
  readonly restarts: number
  readonly exitCode: number | null
  readonly outOfMemory: boolean
  /** Why it does not run or must not go on, in the runtime's own words, where it says more than the state does. */
  readonly note: string | null
  /** What the image's own HEALTHCHECK says. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy'
}

export interface LogLine {
  readonly at: Date
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface LogOptions {
  /** Only the last so many lines. */
  readonly tail?: number
  /** Only lines after this moment. */
  readonly after?: Date
  /** Go on until the instance ends or `signal` aborts. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

export interface Runtime {
  /** Whether instances start on one machine, which has only so many cores: then they take turns. */
  readonly takesTurns: boolean
  /** What the image says about itself, or null where the image is gone. */
  imageFacts(digest: ImageDigest): Promise<ImageFacts | null>
  /** Starts the instance, or finds it started: the same spec never runs twice. @throws instance.startFailed, image.missing, engine.* */
  start(spec: InstanceSpec): Promise<Instance>
  /** Instances of the app (of one deployment), in the order of their ordinals. */
  list(app: AppName, deploymentId?: string): Promise<Instance[]>
  /** Every instance of this installation, whatever its app. */
  listAll(): Promise<Instance[]>
  /**
   * Calls `onChange` soon after an instance of the deployment has started, ended, was paused or removed, and with null
   * when that may have been missed. Resolves when `signal` aborts; never throws.
   */
  watch(onChange: (deploymentId: string | null) => void, signal: AbortSignal): Promise<void>
  /** One attempt; never throws for what the instance does. */
  probe(instance: Instance, probe: Probe, health: HealthSpec): Promise<ProbeResult>
  /** Of one that does not listen on the port: `; it listens on 3000`, or nothing where it is not known. @throws engine.* */
  listensElsewhere(instance: Instance, port: number): Promise<string>
  /** SIGTERM, then SIGKILL after the spec's `stopMs`, then gone. A no-op where it is gone. */
  remove(instance: Instance): Promise<void>
  /**
   * Runs a one-off instance to its end, or picks up the one that a dead controller began: it never runs twice.
   * @throws release.commandTimeout after `timeoutMs`
   */
  runOnce(
    spec: InstanceSpec,
    timeoutMs: number,
    onLine: (line: LogLine) => void,
    signal: AbortSignal,
  ): Promise<{ exitCode: number; outOfMemory: boolean }>
  /** Removes what `runOnce` left of the deployment, running or not. A no-op where there is nothing. */
  removeOneOff(app: AppName, deploymentId: string): Promise<void>
  logs(instance: Instance, options: LogOptions): AsyncIterable<LogLine>
  /** Removes the app's network. */
  removeApp(app: AppName): Promise<void>
}
