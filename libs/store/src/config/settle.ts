/** The release of a change of config gets its content when its turn comes: what serves then, with new config. */
import type { LockedApp } from '../chain.ts'
import type { Session } from '../database.ts'
import { ensureRevision } from './revision.ts'

const selectServing = {
  name: 'serving-manifest',
  text: `
    SELECT r.id, v.manifest FROM apps a
    JOIN deployments d ON d.id = a.serving_deployment_id
    JOIN releases r ON r.id = d.release_id JOIN revisions v ON v.id = r.revision_id
    WHERE a.id = $1`,
}

const fillRelease = {
  name: 'fill-config-release',
  text: `
    UPDATE releases r SET tag = s.tag, commit = s.commit, image_digest = s.image_digest,
      image_bytes = s.image_bytes, build_key = s.build_key, revision_id = $3
    FROM releases s WHERE r.id = (SELECT release_id FROM deployments WHERE id = $1) AND s.id = $2`,
}

/**
 * Ties the waiting deployment's release to the commit and image that serve, and to a revision of their manifest
 * with the config that is set now. @returns false where nothing serves
 */
export async function settleConfigRelease(
  session: Session,
  app: LockedApp,
  deploymentId: string,
): Promise<boolean> {
  const [serving] = await session.query<{ id: string; manifest: unknown }>(selectServing, [app.id])
  if (!serving) return false
  const revision = await ensureRevision(session, app, serving.manifest)
  await session.query(fillRelease, [deploymentId, serving.id, revision])
  return true
}
