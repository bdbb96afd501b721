/** What the engine needs of the world. Adapters implement these; the engine knows nothing else of them. */
import type {
  AppName,
  CommitSha,
  Deployment,
  DeploymentEvent,
  DeploymentState,
  ErrorCode,
  Failure,
  HealthSpec,
  HostName,
  ImageDigest,
  ImageFacts,
  Manifest,
  ObservedTag,
  Probe,
  ProbeResult,
  ProcessName,
  RepoUrl,
  Slot,
  Tag,
  TagAttempt,
  TagName,
  Trigger,
} from '@tagship/domain'

// ---------------------------------------------------------------------------------- source (git)

/** An app's repository: remote, or (`url: null`) hosted by Tagship itself. */
export interface Repository {
  readonly app: AppName
  readonly url: RepoUrl | null
}

/** A build context on disk: the tar that `git archive` made of one commit. */
export interface SpooledContext {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

export interface Source {
  /** Every tag with its peeled commit; tags on blobs and trees are left out. No clone. @throws git.* */
  listTags(repository: Repository): Promise<ObservedTag[]>
  /**
   * Brings the commit into the app's mirror. A no-op where it is there.
   * @throws git.*, tag.moved, tag.notFound, tag.notACommit
   */
  fetchCommit(repository: Repository, commit: CommitSha, tag: TagName | null): Promise<void>
  /** A text file at the commit, or null where there is none. @throws git.*, git.tooLarge */
  readFile(repository: Repository, commit: CommitSha, path: string): Promise<string | null>
  /**
   * Spools the folder `context` of the commit as a tar; the same commit and folder give the same bytes.
   * The caller removes it with `discard`.
   * @throws git.*, git.tooLarge, manifest.invalid where the commit has no such folder
   */
  archive(
    repository: Repository,
    commit: CommitSha,
    context: string,
    signal: AbortSignal,
  ): Promise<SpooledContext>
  discard(context: SpooledContext): Promise<void>
  /** The app is gone: a mirror is removed; a hosted repository, which may be the only one, is set aside. */
  forget(repository: Repository): Promise<void>
}

// --------------------------------------------------------------------------------------- builder

export interface BuildRequest {
  readonly app: AppName
  readonly releaseId: string
  readonly release: number
  readonly tag: TagName | null
  readonly commit: CommitSha
  /** For the image's OCI source label. */
  readonly repository: string
  readonly context: SpooledContext
  readonly recipe: Manifest['build']
  /** Build args of the app; they win over those of the manifest. */
  readonly args: Readonly<Record<string, string>>
  readonly buildKey: string
}

export interface BuiltImage {
  readonly digest: ImageDigest
  readonly bytes: number
}

export interface Builder {
  /** An image of this app made earlier from the same build key, or null. */
  find(app: AppName, buildKey: string): Promise<BuiltImage | null>
  /**
   * Builds, and calls `onLine` for each line of the log as it comes. Aborting ends this build and no other.
   * @throws build.*, engine.*
   */
  build(request: BuildRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<BuiltImage>
  has(digest: ImageDigest): Promise<boolean>
  /** Removes an image that no release needs any more. A no-op where it is gone. */
  remove(digest: ImageDigest): Promise<void>
}

// --------------------------------------------------------------------------------------- runtime

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
  readonly imageDigest: ImageDigest
  /** Null: the image's own. */
  readonly command: readonly string[] | null
  readonly env: Readonly<Record<string, string>>
  readonly memoryBytes: number
  readonly cpus: number
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
  readonly state: 'created' | 'running' | 'restarting' | 'exited'
  /** How often the runtime has started it again. */
  readonly restarts: number
  readonly exitCode: number | null
  readonly outOfMemory: boolean
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
  /** What the image says about itself, or null where the image is gone. */
  imageFacts(digest: ImageDigest): Promise<ImageFacts | null>
  /** Starts the instance, or finds it started: the same spec never runs twice. @throws instance.startFailed, image.missing, engine.* */
  start(spec: InstanceSpec): Promise<Instance>
  /** Instances of the app (of one deployment), in the order of their ordinals. */
  list(app: AppName, deploymentId?: string): Promise<Instance[]>
  /** Every instance of this installation, whatever its app. */
  listAll(): Promise<Instance[]>
  /** One attempt; never throws for what the instance does. */
  probe(instance: Instance, probe: Probe, health: HealthSpec): Promise<ProbeResult>
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

// ---------------------------------------------------------------------------------------- router

/** One slot of an app at the router. `seat` is the app's number among the router's pre-made places, from 1. */
export interface SlotRef {
  readonly seat: number
  readonly slot: Slot
}

export interface RouteTarget {
  /** The instance's name. */
  readonly name: string
  readonly address: string
  readonly port: number
}

/** What the router has counted for a slot since it started. */
export interface SlotTraffic {
  readonly requests: number
  readonly serverErrors: number
  /** Requests (and WebSockets) under way now. */
  readonly inFlight: number
}

/** Everything the router should know of one app. */
export interface Route {
  readonly seat: number
  readonly app: AppName
  readonly hosts: readonly HostName[]
  readonly live: Slot | null
  readonly targets: Readonly<Record<Slot, readonly RouteTarget[]>>
  readonly fence: bigint
}

/**
 * Every write carries the fence of the worker's lease; the router refuses one that is lower than the
 * highest it has seen for the seat (`router.fenced`), so that a worker that wakes up late changes nothing.
 */
export interface Router {
  setHosts(seat: number, app: AppName, hosts: readonly HostName[]): Promise<void>
  /** Afterwards the slot has exactly these targets, all taking requests once the slot is live. */
  fillSlot(ref: SlotRef, targets: readonly RouteTarget[], fence: bigint): Promise<void>
  /** Takes every target out of the slot. A no-op where there is none. @throws router.refused for the live slot */
  emptySlot(ref: SlotRef, fence: bigint): Promise<void>
  /** The switch: one atomic step, read back. @returns the slot that is live now */
  switchTo(ref: SlotRef, fence: bigint): Promise<Slot>
  liveSlot(seat: number): Promise<Slot | null>
  traffic(ref: SlotRef): Promise<SlotTraffic>
  /** Sends a request through the router as a user would. @returns the name of the instance that answered, or null */
  askThrough(host: HostName, path: string): Promise<{ instance: string | null; status: number }>
  /** Makes the router (started anew, or doubted) agree with Postgres. */
  restore(routes: readonly Route[]): Promise<void>
  forget(seat: number): Promise<void>
}

// ----------------------------------------------------------------------------------------- store

/** What an app is, but for what is under way. */
export interface AppRecord {
  readonly id: string
  readonly name: AppName
  readonly repoUrl: RepoUrl | null
  readonly hosts: readonly HostName[]
  readonly tagRange: string
  readonly buildArgs: Readonly<Record<string, string>>
  readonly runtime: 'docker' | 'kubernetes'
  readonly seat: number
  readonly liveSlot: Slot | null
  /** The deployment that users reach now. */
  readonly servingDeploymentId: string | null
  readonly hold: { readonly by: string; readonly reason: string | null; readonly at: Date } | null
  readonly createdAt: Date
}

/** Somebody's wish about a deployment that is under way; the engine turns it into an event. */
export interface DeploymentRequest {
  readonly kind: 'cancel' | 'promote' | 'rollback'
  readonly actor: string
  readonly reason: string | null
}

/** A deployment with all that a step needs, under a lease. */
export interface Claim {
  readonly deployment: Deployment
  readonly app: AppRecord
  /** Null until the build has read the manifest. */
  readonly manifest: Manifest | null
  readonly env: Readonly<Record<string, string>>
  readonly request: DeploymentRequest | null
  /** The deployment that serves now (not this one), for revert and clean-up. */
  readonly previous: Deployment | null
  /** A newer deployment of the app waits in `queued`. */
  readonly newerWaits: boolean
  /** When the present state was entered, and the detail of the event that led to it. */
  readonly stateSince: Date
  readonly enteredWith: Readonly<Record<string, unknown>>
  readonly fence: bigint
  readonly worker: string
}

export interface Job {
  readonly queue: 'deployments' | 'builds' | 'tags' | 'maintenance'
  /** Id of the deployment, release or app the job is about. */
  readonly id: string
  readonly delayMs?: number
}

/** One state change, with everything that commits together with it. */
export interface StateChange {
  readonly event: DeploymentEvent
  readonly to: DeploymentState
  readonly actor: string
  readonly reason: string | null
  readonly detail?: Readonly<Record<string, unknown>>
  readonly slot?: Slot
  readonly failure?: Failure
  /** The app's new live slot and serving deployment. */
  readonly serves?: { readonly slot: Slot | null; readonly deploymentId: string | null }
  /** The deployment that this one replaces for good: it becomes `retired` in the same transaction. */
  readonly retires?: string
  readonly hold?: { readonly by: string; readonly reason: string | null }
  readonly jobs: readonly Job[]
}

export interface BuildClaim {
  readonly releaseId: string
  readonly deploymentId: string
  readonly deploymentNumber: number
  readonly release: number
  readonly app: AppRecord
  readonly commit: CommitSha
  readonly tag: TagName | null
  readonly fence: bigint
  readonly worker: string
}

export interface BuildStatus {
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed'
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null
}

export interface EngineStore {
  // deployments
  /** Takes the lease; null where another worker holds it or nothing is to be done. */
  claim(deploymentId: string, worker: string, leaseMs: number): Promise<Claim | null>
  /** Prolongs the lease. @returns false where it was lost: stop at once */
  renew(claim: { deployment: { id: string }; fence: bigint }, leaseMs: number): Promise<boolean>
  /** Gives the lease back, and enqueues the deployment again where it has changed meanwhile. */
  release(claim: Claim, again?: { readonly delayMs: number }): Promise<void>
  /**
   * Writes one state change, its event, its effects and its jobs in one transaction, and gives the lease back.
   * @returns false, with nothing written, where the row has changed or the fence was lost
   */
  commit(claim: Claim, change: StateChange): Promise<boolean>
  /** Moves the app's queued deployment to `building` where no other is active. @returns whether it did */
  claimQueued(deploymentId: string): Promise<boolean>
  /** The present version, for steps that wait: a higher one than the claim's means that something changed. */
  versionOf(deploymentId: string): Promise<number>
  /** Resolves after `ms`, as soon as the deployment's row changes, or when `signal` aborts. */
  waitForChange(deploymentId: string, ms: number, signal?: AbortSignal): Promise<void>
  recordInstances(deploymentId: string, instances: readonly RecordedInstance[]): Promise<void>
  /** Every instance of the deployment is gone; it is not warm any more. */
  markInstancesRemoved(deploymentId: string): Promise<void>
  /** The claim's slot is needed: what older deployments keep warm in it may go now. @returns whether there is any */
  vacateSlot(claim: Claim): Promise<boolean>
  appendLog(deploymentId: string, source: LogSource, lines: readonly LoggedLine[]): Promise<void>

  // builds
  /** Makes sure that the release has a build row, and a job where it is not finished. */
  ensureBuild(claim: Claim): Promise<BuildStatus>
  claimBuild(releaseId: string, worker: string, leaseMs: number): Promise<BuildClaim | null>
  renewBuild(claim: BuildClaim, leaseMs: number): Promise<boolean>
  /** Stores the revision that the manifest makes (or finds the equal one) and ties it to the release. */
  saveRevision(claim: BuildClaim, manifest: Manifest, buildKey: string): Promise<void>
  finishBuild(
    claim: BuildClaim,
    outcome: { image: BuiltImage; reused: boolean } | { failure: { code: ErrorCode; message: string } },
  ): Promise<void>
  /** Gives the build back unfinished, for another worker to take at once. */
  releaseBuild(claim: BuildClaim): Promise<void>
  /** Whether the build should end: its deployment is no longer in `building`. */
  buildIsWanted(claim: BuildClaim): Promise<boolean>

  // tags
  /** Records what was seen; @returns every tag of the app as it is remembered now, and which moved just now */
  observeTags(app: AppRecord, seen: readonly ObservedTag[]): Promise<{ tags: Tag[]; moved: Tag[] }>
  attemptedTags(appId: string): Promise<Map<string, TagAttempt>>
  /** @returns null, for trigger `tag` only, where the tag has a deployment already */
  createDeployment(request: NewDeployment): Promise<Deployment | null>
  appById(appId: string): Promise<AppRecord | null>
  deploymentById(deploymentId: string): Promise<Deployment | null>
  /** The app's deployment under way (from `building` to `baking`, and tear-down), or null. */
  activeDeployment(appId: string): Promise<Deployment | null>
  /** What was asked for last, however it ended. */
  newestDeployment(appId: string): Promise<Deployment | null>
  /** How many instances the deployment has by the records. */
  countInstances(deploymentId: string): Promise<number>
  /** The highest fence used for the app so far, for writes outside of a deployment. */
  currentFence(appId: string): Promise<bigint>

  // maintenance
  /** Deployments and builds with work to do; those without a job get one again. */
  unfinishedWork(): Promise<Job[]>
  /** Deployments that were replaced, whose instances need not be kept warm any longer. */
  expiredWarmSlots(): Promise<{ app: AppRecord; deployment: Deployment }[]>
  /** Ids of the deployments that may have instances: active, serving, or still warm. */
  deploymentsWithInstances(): Promise<Set<string>>
  /** Every app that was not removed, in the order of their names. */
  allApps(): Promise<AppRecord[]>
  /** Takes the apps whose tags are due to be looked at, and sets their next time. @returns their ids */
  takeDuePolls(limit: number): Promise<string[]>
  /** What came of looking at an app's tags; sets when to look again. */
  recordPoll(
    appId: string,
    outcome: { readonly nextMs: number; readonly error: string | null },
  ): Promise<void>
  routes(): Promise<Route[]>
}

export interface RecordedInstance extends Instance {
  /** Null: takes no traffic. */
  readonly port: number | null
}

export type LogSource = 'build' | 'release' | 'instance'

export interface LoggedLine {
  readonly at: Date
  readonly process: string | null
  readonly text: string
}

export interface NewDeployment {
  readonly app: AppRecord
  readonly trigger: Trigger
  readonly actor: string
  readonly reason: string | null
  readonly what:
    | { readonly kind: 'commit'; readonly commit: CommitSha; readonly tag: TagName | null }
    /** A rollback: a new release with the image and revision of an earlier one. */
    | { readonly kind: 'release'; readonly releaseId: string }
    /** The same release once more: what should serve is not all there. */
    | { readonly kind: 'again'; readonly releaseId: string }
}

// ----------------------------------------------------------------------------------------- other

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What commands need of the store beyond the engine's own steps. */
export interface CommandStore extends EngineStore {
  /** @throws app.exists, host.taken, app.seatsTaken */
  createApp(app: NewApp): Promise<AppRecord>
  /** @throws host.taken */
  updateApp(appId: string, patch: AppPatch): Promise<AppRecord>
  /** @throws app.busy */
  removeApp(appId: string): Promise<void>
  queuedDeployment(appId: string): Promise<Deployment | null>
  /** The one in state `live`: what serves, or, while a newer one drains and bakes, what waits warm. */
  liveDeployment(appId: string): Promise<Deployment | null>
  releaseByNumber(appId: string, number: number): Promise<ReleaseRecord | null>
  /** The newest release of the tag that has served, else the newest. */
  releaseByTag(appId: string, tag: string): Promise<ReleaseRecord | null>
  /** The release that served before the present one, and differs from it. */
  previousServed(appId: string): Promise<ReleaseRecord | null>
  /** @throws request.conflict where the deployment's state does not know the wish */
  requestDeployment(deploymentId: string, request: DeploymentRequest): Promise<Deployment>
  setHold(appId: string, hold: { by: string; reason: string | null } | null): Promise<void>
  listTags(appId: string): Promise<Tag[]>
  enqueue(jobs: readonly Job[]): Promise<void>
}

export interface NewApp {
  readonly name: AppName
  readonly repoUrl: RepoUrl | null
  readonly hosts: readonly HostName[]
  readonly tagRange: string
  readonly buildArgs: Readonly<Record<string, string>>
  readonly runtime: 'docker' | 'kubernetes'
}

export type AppPatch = Partial<Pick<NewApp, 'repoUrl' | 'hosts' | 'tagRange' | 'buildArgs'>>

export interface ReleaseRecord {
  readonly id: string
  readonly number: number
  readonly tag: TagName | null
  readonly commit: CommitSha
  readonly imageDigest: ImageDigest | null
  readonly imageBytes: number | null
  /** The revision's number. */
  readonly revision: number | null
  /** The number of the release that this one brought back. */
  readonly sourceRelease: number | null
  readonly createdAt: Date
  readonly live: boolean
  readonly hasServed: boolean
  readonly lastServedAt: Date | null
}

export interface Ports {
  readonly store: EngineStore
  readonly source: Source
  readonly builder: Builder
  readonly runtime: Runtime
  readonly router: Router
  readonly log: Log
  /** A named point at which a test may end the process; does nothing in production. */
  readonly fault: (point: string) => Promise<void> | void
}

/** What commands need: the engine's world, with more of the store and of the repositories. */
export interface CommandPorts extends Ports {
  readonly store: CommandStore
  readonly source: Source & {
    /** Makes the repository of an app that Tagship hosts itself. A no-op where it is there. */
    ensureHosted(app: AppName): Promise<void>
  }
}
