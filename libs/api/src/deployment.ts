import { triggers } from '@tagship/domain/deployment'
import { deploymentStates } from '@tagship/domain/machine'
import { slots } from '@tagship/domain/slot'
import { z } from 'zod'
import { commit, line, listOf, moment, pageQuery, reason, time } from './values.ts'

const state = z.enum(deploymentStates)

const ms = z.number().int().nonnegative().nullable()

/** Milliseconds in each part of a deployment's way, as far as it came; null for what is under way. */
export const durations = z
  .object({
    queue: ms,
    build: ms,
    /** Of its release command. */
    release: ms,
    boot: ms,
    verify: ms,
    /** For a person to promote it. */
    wait: ms,
    switch: ms,
    drain: ms,
    bake: ms,
    /** From its creation until users reached it. */
    toServing: ms,
  })
  .meta({ id: 'Durations' })
export type DurationsJson = z.output<typeof durations>

/** The JSON of a deployment (DESIGN §7). */
export const deployment = z
  .object({
    id: z.uuid(),
    app: z.string(),
    number: z.number().int(),
    release: z.string(),
    tag: z.string().nullable(),
    commit: z.string(),
    /** The first line of the commit's message; null until the commit was fetched, as are its author and time. */
    subject: z.string().nullable(),
    author: z.string().nullable(),
    committedAt: time.nullable(),
    imageDigest: z.string().nullable(),
    imageBytes: z.number().int().nullable(),
    revision: z.number().int().nullable(),
    state,
    slot: z.enum(slots).nullable(),
    /** Whether users reach it now. */
    serving: z.boolean(),
    trigger: z.enum(triggers),
    actor: z.string(),
    reason: z.string().nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    servingAt: time.nullable(),
    finishedAt: time.nullable(),
    phases: z.array(z.object({ name: state, startedAt: time, finishedAt: time.nullable() })),
    durations,
    failure: z.object({ phase: state, code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Deployment' })
export type DeploymentJson = z.output<typeof deployment>

/** A deployment as it is listed: with whether a rollback can bring its release back. */
export const listedDeployment = deployment
  .extend({ rollback: z.object({ possible: z.boolean(), why: z.string() }) })
  .meta({ id: 'ListedDeployment' })
export type ListedDeploymentJson = z.output<typeof listedDeployment>

/** What to list; what is left out does not narrow. */
export const deploymentQuery = pageQuery.extend({
  state: listOf(deploymentStates).optional(),
  trigger: listOf(triggers).optional(),
  /** Part of the tag's name. */
  tag: line(100).optional(),
  /** Exactly who asked for it. */
  actor: line(100).optional(),
  /** Created at this moment or later. */
  since: moment.optional(),
  /** Created before this moment. */
  until: moment.optional(),
})

/** What to deploy; with neither, the tag that the app's policy chooses. */
export const deployBody = z
  .strictObject({
    tag: line(300).optional(),
    commit: commit.optional(),
    reason: reason.optional(),
  })
  .refine((body) => !(body.tag && body.commit), {
    path: ['commit'],
    message: 'give a tag or a commit, not both',
  })

/** What came of a wish to deploy. */
export const deployed = deployment
  .extend({
    /** Why the policy would not have deployed it by itself. */
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Deployed' })
export type DeployedJson = z.output<typeof deployed>

export const rollbackBody = z.strictObject({
  /** `v12`, or a tag; without it, the release that was live before. */
  to: line(300).optional(),
  reason: reason.optional(),
  dryRun: z.boolean().default(false),
})

const releaseRef = z.object({ name: z.string(), tag: z.string().nullable(), commit: z.string() })

export const rollback = z
  .object({
    /** The deployment that brings the release back; null for a dry run. */
    deployment: deployment.nullable(),
    plan: z.object({
      from: releaseRef.nullable(),
      to: releaseRef,
      /** `revert`: the old slot is warm and only the route moves. `redeploy`: a new deployment of the old image. */
      kind: z.enum(['revert', 'redeploy']),
      imagePresent: z.boolean(),
    }),
  })
  .meta({ id: 'Rollback' })
export type RollbackJson = z.output<typeof rollback>
