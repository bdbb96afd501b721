/** Tags and verdicts as the JSON of the API. */
import type { ExplainedTagJson, PolicyTrialJson, TagJson } from '@tagship/api'
import type { JudgedTag } from '@tagship/domain'
import type { ExplainedTag, PolicyTrial } from '@tagship/engine'

export function presentTag({ tag, verdict, why }: JudgedTag): TagJson {
  const { name, refSha, commit, pointsAt, annotated, tagger, baseline, movedTo } = tag
  return {
    ...{ name, refSha, commit, pointsAt, annotated, tagger, baseline, movedTo, verdict, why },
    createdAt: tag.createdAt?.toISOString() ?? null,
    firstSeenAt: tag.firstSeenAt.toISOString(),
    deletedAt: tag.deletedAt?.toISOString() ?? null,
  }
}

export function presentExplanation({ steps, observations, ...judged }: ExplainedTag): ExplainedTagJson {
  return {
    tag: presentTag(judged),
    rules: steps.map((step) => ({ ...step })),
    observations: observations.map(({ createdAt, seenAt, ...seen }) => ({
      ...seen,
      createdAt: createdAt?.toISOString() ?? null,
      seenAt: seenAt.toISOString(),
    })),
  }
}

export function presentTrial({ policy, next, changes, ...counts }: PolicyTrial): PolicyTrialJson {
  const opinion = ({ verdict, why }: JudgedTag) => ({ verdict, why })
  return {
    ...counts,
    policy: { ...policy, paths: [...policy.paths] },
    next: next && { ...next },
    changes: changes.map(({ before, after }) => ({
      tag: after.tag.name,
      before: opinion(before),
      after: opinion(after),
    })),
  }
}
