/** What the engine asks of the store. */
import type {
  CommitSha,
  ConfigName,
  Deployment,
  ErrorCode,
  ImageDigest,
  Manifest,
  ObservedTag,
  RuntimeName,
  Tag,
  TagFinding,
  TagHistory,
} from '@tagship/domain'
import type { BuiltImage } from './builder.ts'
import type {
  AppRecord,
  BuildClaim,
  BuildStatus,
  Claim,
  HealthAttempts,
  Job,
  LoggedLine,
  LogSource,
  NewDeployment,
  Placement,
  PlacementQuery,
  RecordedInstance,
  SeenInstance,
  StateChange,
  TagFacts,
  UnwantedBuild,
  Whereabouts,
} from './records.ts'
import type { Route } from './router.ts'
import type { CommitFacts } from './source.ts'

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
  /**
   * What the processes of the claim's revision find in their environment: env and opened secrets. Asked for
   * where instances are made, and kept nowhere. @throws secret.wrongKey, secret.damaged
   */
  environment(claim: Claim): Promise<Record<string, string>>
  recordInstances(deploymentId: string, instances: readonly RecordedInstance[]): Promise<void>
  /**
   * Writes down where the deployment's instances are now: one that was not seen, or does not run, has no address.
   * @returns null where nothing has changed
   */
  noteAddresses(deploymentId: string, seen: readonly SeenInstance[]): Promise<Whereabouts | null>
  /** Every instance of the deployment is gone; it is not warm any more. */
  markInstancesRemoved(deploymentId: string): Promise<void>
  /** The claim's slot is needed: what older deployments keep warm in it may go now. @returns whether there is any */
  vacateSlot(claim: Claim): Promise<boolean>
  appendLog(deploymentId: string, source: LogSource, lines: readonly LoggedLine[]): Promise<void>

  /** Entries that were written before, by instance and first attempt, are brought up to date. */
  recordHealth(deploymentId: string, attempts: readonly HealthAttempts[]): Promise<void>

  // builds
  /** Makes sure that the release has a build row, and a job where it is not finished. */
  ensureBuild(claim: Claim): Promise<BuildStatus>
  claimBuild(releaseId: string, worker: string, leaseMs: number): Promise<BuildClaim | null>
  renewBuild(claim: BuildClaim, leaseMs: number): Promise<boolean>
  /** Keeps what the commit says of itself. A no-op where that is kept. */
  noteCommit(appId: string, commit: CommitSha, facts: CommitFacts): Promise<void>
  /** Stores the revision that manifest and config of now make (or finds the equal one), and ties it to the release. */
  saveRevision(claim: BuildClaim, manifest: Manifest, buildKey: string): Promise<void>
  /**
   * Those of the names that are secrets of the claim's revision, opened: asked for when a build begins, and kept nowhere.
   * @throws secret.wrongKey, secret.damaged
   */
  buildSecrets(claim: BuildClaim, names: readonly ConfigName[]): Promise<Record<string, string>>
  finishBuild(
    claim: BuildClaim,
    outcome: { image: BuiltImage; reused: boolean } | { failure: { code: ErrorCode; message: string } },
  ): Promise<void>
  /** Gives the build back unfinished, for another worker to take at once. */
  releaseBuild(claim: BuildClaim): Promise<void>
  /** Whether the build should end: its deployment is no longer in `building`. */
  buildIsWanted(claim: BuildClaim): Promise<boolean>
  /**
   * Builds whose worker died after their deployment was canceled: nobody will finish them. None of an app that builds just
   * now: that may be the same commit.
   */
  unwantedBuilds(): Promise<UnwantedBuild[]>
  /** A no-op where it has ended, or somebody wants it again. */
  endUnwantedBuild(releaseId: string): Promise<void>
  /** Whether any release, of whatever age, has the image. */
  isReleased(digest: ImageDigest): Promise<boolean>

  // tags
  /** Records what was seen; @returns every tag of the app as it is remembered now, and which moved just now */
  observeTags(
    app: AppRecord,
    seen: readonly ObservedTag[],
  ): Promise<{ tags: readonly Tag[]; moved: readonly Tag[] }>
  /** As they are remembered, in the order they were first seen; the same array as long as nothing has changed. */
  listTags(appId: string): Promise<readonly Tag[]>
  /** What a fetch has told of tags that were seen before. */
  describeTags(appId: string, facts: readonly TagFacts[]): Promise<void>
  attemptedTags(appId: string): Promise<Map<string, TagHistory>>
  tagFindings(appId: string): Promise<TagFinding[]>
  /** Takes the place of an earlier finding of the kind; one that refuses the tag is told in the history, once. */
  recordFinding(appId: string, finding: TagFinding): Promise<void>
  /** @returns null, for trigger `tag` only, where the tag was deployed at the commit already; the one with the id, where there is one */
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
  /** Whether a later deployment is in the slot of this one, so that what is there at the router is not its own. */
  slotIsTaken(deploymentId: string): Promise<boolean>
  /** Ids of the deployments that may have instances: active, serving, or still warm. */
  deploymentsWithInstances(): Promise<Set<string>>
  /** Every app that was not removed, in the order of their names. */
  allApps(): Promise<AppRecord[]>
  /** Apps that were removed, and of which something may be left. */
  removedApps(): Promise<AppRecord[]>
  /** Nothing of the removed app is left: its name and its place at the router are free. */
  appIsGone(appId: string): Promise<void>
  /** Takes the apps whose tags are due to be looked at, and sets their next time. @returns their ids */
  takeDuePolls(limit: number): Promise<string[]>
  /** What came of looking at an app's tags; sets when to look again. */
  recordPoll(
    appId: string,
    outcome: {
      readonly nextMs: number
      readonly error: string | null
      /** What was seen, in place of what the look before left; where something has changed meanwhile, it is looked at again. */
      readonly key?: { readonly before: string | null; readonly now: string }
    },
  ): Promise<void>
  /** What the last look left: the key of what it saw, failures in a row, and when the newest tag was first seen. */
  lastPoll(
    appId: string,
  ): Promise<{ readonly key: string | null; readonly failures: number; readonly newestTagAt: Date | null }>
  /** What the router of this runtime should know: of each app that runs there, or that has not yet left it. */
  routes(runtime: RuntimeName): Promise<Route[]>
  /** Where on clusters apps are: those that run there, or that have not yet left. */
  placements(wanted: PlacementQuery): Promise<Placement[]>
  /** Idempotency keys that are older than a day go. */
  forgetOldKeys(): Promise<void>
  /** What the router counted more than a week ago goes. */
  forgetOldTraffic(): Promise<void>
  /** Deliveries of webhooks that are older than a month are not known again. */
  forgetOldDeliveries(): Promise<void>
  /** Sign-ins that are over, or that nobody came back to. */
  forgetOldSessions(): Promise<void>
}
