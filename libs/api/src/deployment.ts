import { triggers } from '@tagship/domain/deployment'
import { deploymentStates } from '@tagship/domain/machine'
import { slots } from '@tagship/domain/slot'
import { z } from 'zod'
import { commit, line, reason, time } from './values.ts'

const state = z.enum(deploymentStates)

/** The JSON of a deployment (DESIGN §7). */
export const deployment = z
  .object({
    id: z.uuid(),
    app: z.string(),
    number: z.number().int(),
    release: z.string(),
    tag: z.string().nullable(),
    commit: z.string(),
    imageDigest: z.string().nullable(),
    revision: z.number().int().nullable(),
    state,
    slot: z.enum(slots).nullable(),
    trigger: z.enum(triggers),
    actor: z.string(),
    reason: z.string().nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    servingAt: time.nullable(),
    finishedAt: time.nullable(),
    phases: z.array(z.object({ name: state, startedAt: time, finishedAt: time.nullable() })),
    failure: z.object({ phase: state, code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Deployment' })
export type DeploymentJson = z.output<typeof deployment>

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
