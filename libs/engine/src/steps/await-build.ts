import { TagshipError } from '@tagship/domain'
import { happened, type Step, waitFor } from './step.ts'

/**
 * Makes sure that the release's image is built or being built. The build is a job of its own; it wakes the
 * deployment when it ends. A rollback's image is there already, or it is gone and nothing can be done.
 */
export const awaitBuild: Step = async ({ ports, claim }) => {
  const { deployment } = claim
  const build = await ports.store.ensureBuild(claim)
  if (build.state === 'failed' && build.failure) {
    return happened('buildFailed', { failure: { phase: 'building', ...build.failure } })
  }
  if (build.state !== 'succeeded') return waitFor(null)

  if (deployment.imageDigest && !(await ports.builder.has(deployment.imageDigest))) {
    throw new TagshipError(
      'image.missing',
      `the image ${deployment.imageDigest} of release v${deployment.releaseNumber} is no longer on this machine`,
    )
  }
  return happened('built', {
    detail: { imageDigest: deployment.imageDigest, revision: deployment.revision, commit: deployment.commit },
  })
}
