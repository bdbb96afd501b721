/** What a deployment brings, held against another release. */
import { z } from 'zod'
import { layer } from './image.ts'
import { time } from './values.ts'

const releaseRef = z
  .object({
    name: z.string(),
    tag: z.string().nullable(),
    commit: z.string(),
  })
  .meta({ id: 'ReleaseRef' })
export type ReleaseRefJson = z.output<typeof releaseRef>

const commitFacts = z
  .object({ sha: z.string(), subject: z.string(), author: z.string(), committedAt: time })
  .meta({ id: 'Commit' })
export type CommitJson = z.output<typeof commitFacts>

/** Newest first, as many as are shown. */
const commitList = z.object({
  items: z.array(commitFacts),
  total: z.number().int(),
})

const nameChanges = z
  .object({ added: z.array(z.string()), removed: z.array(z.string()), changed: z.array(z.string()) })
  .meta({ id: 'NameChanges' })
export type NameChangesJson = z.output<typeof nameChanges>

export const changes = z
  .object({
    /** What it is held against: what serves now, or, for what serves or has served, what served before it. Null: nothing. */
    base: releaseRef.nullable(),
    head: releaseRef,
    /** In `head` and not in `base`. Null where the repository's mirror does not have both. */
    added: commitList.nullable(),
    /** In `base` and not in `head`: what is undone. */
    undone: commitList.nullable(),
    files: z
      .object({
        items: z.array(
          z.object({
            path: z.string(),
            change: z.enum(['added', 'removed', 'changed']),
            /** Lines; null for a binary file. */
            insertions: z.number().int().nullable(),
            deletions: z.number().int().nullable(),
          }),
        ),
        total: z.number().int(),
      })
      .nullable(),
    /** Of the manifest with all defaults filled in. */
    manifest: z.array(z.object({ path: z.string(), before: z.json(), after: z.json() })).nullable(),
    env: nameChanges.nullable(),
    /** Never with values. */
    secrets: nameChanges.nullable(),
    image: z.object({
      before: z.number().int().nullable(),
      after: z.number().int().nullable(),
      /** Null where one of the images is not on this machine. */
      layers: z.object({ shared: z.array(layer), added: z.array(layer), removed: z.array(layer) }).nullable(),
    }),
  })
  .meta({ id: 'Changes' })
export type ChangesJson = z.output<typeof changes>

export const rollbackPreview = z
  .object({
    from: releaseRef.nullable(),
    to: releaseRef,
    /** `revert`: the old slot is warm and only the route moves. `redeploy`: a new deployment of the old image. */
    kind: z.enum(['revert', 'redeploy']),
    /** False: the rollback will be refused. */
    imagePresent: z.boolean(),
    /** Whether the instances of `to` still run in the other slot. */
    oldSlotWarm: z.boolean(),
    warmUntil: time.nullable(),
    /** From what serves now to what comes back; null where nothing serves. */
    changes: changes.nullable(),
    expected: z
      .object({
        /** Milliseconds until it serves: the median of how long it took. */
        ms: z.number().int(),
        /** How many deployments that is taken from, and which. */
        samples: z.number().int(),
        from: z.enum(['rollbacks', 'deployments']),
      })
      .nullable(),
    /** As it is now; a rollback always sets it. */
    hold: z.object({ by: z.string(), reason: z.string().nullable(), at: time }).nullable(),
  })
  .meta({ id: 'RollbackPreview' })
export type RollbackPreviewJson = z.output<typeof rollbackPreview>
