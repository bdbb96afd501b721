/** What the store hands to the engine and takes from it. */
import type {
  AppName,
  CommitSha,
  ConfigKind,
  ConfigName,
  ConfigSnapshot,
  Deployment,
  DeploymentEvent,
  DeploymentState,
  ErrorCode,
  Failure,
  HostName,
  Manifest,
  RepoUrl,
  RuntimeName,
  Slot,
  Tagger,
  TagName,
  TagPolicy,
  Trigger,
} from '@tagship/domain'
import type { RouteTarget } from './router.ts'
import type { Instance } from './runtime.ts'

/** What an app is, but for what is under way. */
export interface AppRecord {
  readonly id: string
  readonly name: AppName
  readonly repoUrl: RepoUrl | null
  readonly hosts: readonly HostName[]
  readonly policy: TagPolicy
  /** Only tags that come after its first sight of the repository are deployed by themselves. */
  readonly fromNext: boolean
  /** Its folder in the repository, without slashes at the ends; empty: all of it. */
  readonly root: string
  readonly buildArgs: Readonly<Record<string, string>>
  /** Where its next deployment runs. */
  readonly runtime: RuntimeName
  /** On a cluster: the context of the kubeconfig; null: the current one. */
  readonly cluster: string | null
  /** On a cluster; null: one of the app's own. */
  readonly namespace: string | null
  readonly seat: number
  readonly liveSlot: Slot | null
  /** The deployment that users reach now. */
  readonly servingDeploymentId: string | null
  readonly hold: { readonly by: string; readonly reason: string | null; readonly at: Date } | null
  readonly createdAt: Date
}

/** Where on a cluster an app is. */
export interface Placement {
  readonly app: AppName
  readonly seat: number
  readonly hosts: readonly HostName[]
  /** The context of the kubeconfig; null: the current one. */
  readonly cluster: string | null
  readonly namespace: string
}

/** All, or the one that is asked for. */
export type PlacementQuery =
  | Readonly<Record<string, never>>
  | { readonly app: AppName }
  | { readonly seat: number }
  | { readonly host: HostName }

/** Somebody's wish about a deployment that is under way; the engine turns it into an event. */
export interface DeploymentRequest {
  readonly kind: 'cancel' | 'promote' | 'rollback'
  readonly actor: string
  readonly reason: string | null
  /** By which it is recognised where it is asked for again. */
  readonly id?: string | undefined
}

/** A deployment with all that a step needs, under a lease. */
export interface Claim {
  readonly deployment: Deployment
  readonly app: AppRecord
  /** Null until the build has read the manifest. */
  readonly manifest: Manifest | null
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

export interface UnwantedBuild {
  readonly releaseId: string
  readonly app: AppName
  /** Null where its worker has not come so far. */
  readonly buildKey: string | null
}

export interface BuildStatus {
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed'
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null
}

/** Of the routed instances of a deployment. */
export interface Whereabouts {
  readonly targets: readonly RouteTarget[]
  /** The names of those that have no address now. */
  readonly gone: readonly string[]
}

/** Where an instance is now. */
export interface SeenInstance {
  readonly id: string
  readonly address: string | null
  /** The engine is about to start it again: it keeps the address that it had. */
  readonly unsettled: boolean
}

export interface RecordedInstance extends Instance {
  /** Null: takes no traffic. */
  readonly port: number | null
}

/** Attempts in a row to find an instance healthy that ended in the same way. */
export interface HealthAttempts {
  readonly instance: string
  readonly process: string
  readonly healthy: boolean
  readonly detail: string
  readonly attempts: number
  readonly firstAt: Date
  readonly lastAt: Date
}

export type LogSource = 'build' | 'release' | 'instance'

export interface LoggedLine {
  readonly at: Date
  readonly process: string | null
  readonly text: string
}

export interface NewDeployment {
  /** Asked for once more under the same id, it is the same deployment. Made up where left out. */
  readonly id?: string | undefined
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
    /** A new release of the same commit and revision, built again: the image is gone. */
    | { readonly kind: 'rebuild'; readonly releaseId: string }
    /** What serves when its turn comes, with the config that is set by then. */
    | { readonly kind: 'config' }
}

/** Names with their new values; null takes a name away. */
export interface ConfigChange {
  readonly kind: ConfigKind
  readonly values: ReadonlyMap<ConfigName, string | null>
  /** Whether a deployment is to bring it live now. */
  readonly deploy: boolean
  readonly actor: string
  readonly reason: string | null
}

export interface ConfigOutcome {
  /** Names whose value is another one now. */
  readonly changed: readonly string[]
  /**
   * `deploys`: a deployment was made for it. `joined`: one that waits, or has only begun, takes it along.
   * `stored`: the next deployment takes it. `none`: all was so already.
   */
  readonly effect: 'deploys' | 'joined' | 'stored' | 'none'
  /** The deployment that brings live what is set. */
  readonly deployment: Deployment | null
}

export interface ConfigEntry {
  readonly name: string
  readonly kind: ConfigKind
  /** Null for a secret. */
  readonly value: string | null
  /** Null for an env value. */
  readonly version: number | null
  /** False where a secret is sealed with a key that this controller does not have. */
  readonly readable: boolean
  readonly setBy: string
  readonly setAt: Date
}

export interface AppConfig {
  /** What is set now, in the order of the names. */
  readonly entries: readonly ConfigEntry[]
  /** What runs. */
  readonly live: (ConfigSnapshot & { readonly release: number; readonly revision: number }) | null
  /** Names for which something else runs than what is set. */
  readonly notLive: readonly string[]
}

/** What the object of a tag tells: who made it, and when. */
export interface TagFacts {
  readonly tag: TagName
  readonly refSha: string
  readonly tagger: Tagger | null
  readonly createdAt: Date
}

/** One sight of a tag that was news. */
export interface TagObservation {
  /** `read`: its object was fetched, and told who made it and when. */
  readonly kind: 'seen' | 'moved' | 'retagged' | 'deleted' | 'recreated' | 'read'
  readonly refSha: string
  readonly commit: CommitSha
  readonly annotated: boolean
  readonly tagger: Tagger | null
  readonly createdAt: Date | null
  readonly seenAt: Date
}
