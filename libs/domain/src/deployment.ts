/** A deployment and what belongs to it, as the engine and the API see it. */
import type { ErrorCode } from './errors.ts'
import type { DeploymentState } from './machine.ts'
import type { CommitSha, ImageDigest, TagName } from './names.ts'
import type { RuntimeName } from './runtime.ts'
import type { Slot } from './slot.ts'

export const triggers = ['tag', 'manual', 'rollback', 'config', 'heal'] as const
export type Trigger = (typeof triggers)[number]

/** Why a deployment did not go through. */
export interface Failure {
  /** The state in which it happened. */
  readonly phase: DeploymentState
  readonly code: ErrorCode
  readonly message: string
}

/** One stay of a deployment in a state. */
export interface Phase {
  readonly name: DeploymentState
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

export interface Deployment {
  /** UUID. */
  readonly id: string
  readonly appId: string
  readonly app: string
  /** 1, 2, 3, … per app. */
  readonly number: number
  readonly releaseId: string
  readonly releaseNumber: number
  readonly tag: TagName | null
  readonly commit: CommitSha
  /** What the commit says of itself; null until it was fetched. */
  readonly subject: string | null
  readonly author: string | null
  readonly committedAt: Date | null
  readonly imageDigest: ImageDigest | null
  readonly imageBytes: number | null
  /** The revision's number; null until the manifest at the commit has been read. */
  readonly revision: number | null
  readonly state: DeploymentState
  readonly slot: Slot | null
  /** Where its instances run. */
  readonly runtime: RuntimeName
  /** Whether users reach it now. */
  readonly serving: boolean
  readonly trigger: Trigger
  readonly actor: string
  readonly reason: string | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly servingAt: Date | null
  readonly finishedAt: Date | null
  readonly phases: readonly Phase[]
  readonly failure: Failure | null
  /** Grows with every change of the row: what a commit checks, and what a job's key carries. */
  readonly version: number
}
