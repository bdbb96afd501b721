/** What commands ask of the store, beyond what the engine's steps do. */
import type {
  AppName,
  CommitSha,
  Deployment,
  HostName,
  ImageDigest,
  RepoUrl,
  RuntimeName,
  TagName,
  TagPolicy,
} from '@tagship/domain'
import type { EngineStore } from './engine-store.ts'
import type {
  AppConfig,
  AppRecord,
  ConfigChange,
  ConfigOutcome,
  DeploymentRequest,
  Job,
  TagObservation,
} from './records.ts'
import type { SourceStore } from './source-settings.ts'

export interface CommandStore extends EngineStore, SourceStore {
  /** @throws app.exists, host.taken, app.seatsTaken */
  createApp(app: NewApp): Promise<AppRecord>
  /** @throws host.taken */
  updateApp(appId: string, patch: AppPatch): Promise<AppRecord>
  /** @throws app.busy */
  removeApp(appId: string): Promise<void>
  /** The one in state `live`: what serves, or, while a newer one drains and bakes, what waits warm. */
  liveDeployment(appId: string): Promise<Deployment | null>
  releaseByNumber(appId: string, number: number): Promise<ReleaseRecord | null>
  /** The newest release of the tag that has served, else the newest. */
  releaseByTag(appId: string, tag: string): Promise<ReleaseRecord | null>
  /** The release that served before the present one, and differs from it. */
  previousServed(appId: string): Promise<ReleaseRecord | null>
  /** @throws request.conflict where the deployment's state does not know the wish */
  requestDeployment(deploymentId: string, request: DeploymentRequest): Promise<Deployment>
  /**
   * Stores the change and sees to it that a deployment brings it live: all of it or nothing.
   * @throws config.nameTaken, config.tooLarge, request.conflict while a rollback waits for its turn
   */
  changeConfig(app: AppRecord, change: ConfigChange): Promise<ConfigOutcome>
  readConfig(appId: string): Promise<AppConfig>
  /** The deployment that was made under the id, or that was wished something under it. */
  askedBefore(appId: string, id: string): Promise<Deployment | null>
  /** A no-op where it is held so already, or not at all. */
  setHold(appId: string, hold: { by: string; reason: string | null } | null): Promise<void>
  /** Every sight of the tag that was news, oldest first. */
  tagObservations(appId: string, tag: string): Promise<TagObservation[]>
  enqueue(jobs: readonly Job[]): Promise<void>
}

export interface NewApp {
  readonly name: AppName
  readonly repoUrl: RepoUrl | null
  readonly hosts: readonly HostName[]
  readonly policy: TagPolicy
  readonly fromNext: boolean
  readonly root: string
  readonly buildArgs: Readonly<Record<string, string>>
  readonly runtime: RuntimeName
  readonly cluster: string | null
  readonly namespace: string | null
}

export type AppPatch = Partial<
  Pick<NewApp, 'repoUrl' | 'hosts' | 'policy' | 'root' | 'buildArgs' | 'runtime' | 'cluster' | 'namespace'>
>

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
