/** Tags, and what a policy says of them. */
import { tagPolicySchema } from '@tagship/domain/tag-policy'
import { tagRules, tagVerdicts } from '@tagship/domain/tag-verdict'
import { z } from 'zod'
import { time } from './values.ts'

/** As the tag object has it: git checks none of it. */
const tagger = z.object({ name: z.string(), email: z.string() }).nullable()

export const tag = z
  .object({
    name: z.string(),
    /** What the ref points at now: the tag object of an annotated tag, else the commit. */
    refSha: z.string(),
    /** The commit in the end, when the tag was first seen. */
    commit: z.string(),
    /** The commit in the end, now. */
    pointsAt: z.string(),
    annotated: z.boolean(),
    tagger,
    /** When the tag was made, or the commit of one that is not annotated; null: not read yet. */
    createdAt: time.nullable(),
    firstSeenAt: time,
    /** It was there at the first sight of the repository. */
    baseline: z.boolean(),
    movedTo: z.string().nullable(),
    deletedAt: time.nullable(),
    verdict: z.enum(tagVerdicts),
    /** The rule behind the verdict. */
    why: z.string(),
  })
  .meta({ id: 'Tag' })
export type TagJson = z.output<typeof tag>

export const explainedTag = z
  .object({
    tag,
    /** In the order in which they are asked. */
    rules: z.array(
      z.object({
        rule: z.enum(tagRules),
        outcome: z.enum(['passed', 'refused', 'unset', 'skipped']),
        why: z.string(),
      }),
    ),
    /** Every sight of the tag that was news, oldest first. */
    observations: z.array(
      z.object({
        kind: z.enum(['seen', 'moved', 'retagged', 'deleted', 'recreated', 'read']),
        refSha: z.string(),
        commit: z.string(),
        annotated: z.boolean(),
        tagger,
        createdAt: time.nullable(),
        seenAt: time,
      }),
    ),
  })
  .meta({ id: 'ExplainedTag' })
export type ExplainedTagJson = z.output<typeof explainedTag>

const opinion = z.object({ verdict: z.enum(tagVerdicts), why: z.string() })

export const policyTrial = z
  .object({
    policy: tagPolicySchema,
    /** Tags that were seen, and those of them that fit the policy. */
    seen: z.number().int(),
    fit: z.number().int(),
    /** What would be deployed by itself next; `maybe`: where a look into the repository finds nothing against it. */
    next: z.object({ tag: z.string(), maybe: z.boolean() }).nullable(),
    /** How many verdicts are others; the newest 100 of them. */
    changed: z.number().int(),
    changes: z.array(z.object({ tag: z.string(), before: opinion, after: opinion })),
  })
  .meta({ id: 'PolicyTrial' })
export type PolicyTrialJson = z.output<typeof policyTrial>
