-- AlterTable
ALTER TABLE "apps" ADD COLUMN     "cluster" TEXT,
ADD COLUMN     "namespace" TEXT;

-- AlterTable
ALTER TABLE "deployments" ADD COLUMN     "runtime" TEXT NOT NULL DEFAULT 'docker';

ALTER TABLE "deployments" ADD CONSTRAINT "deployments_runtime_known" CHECK ("runtime" IN ('docker', 'kubernetes'));

-- A deployment stays where it was made: its instances are looked for there, wherever its app goes.
CREATE OR REPLACE VIEW "app_records" AS
SELECT a."id", a."name", a."repo_url", a."tag_policy", a."from_next", a."root", a."build_args", a."runtime", a."seat",
  a."live_slot", a."serving_deployment_id", a."held_by", a."held_reason", a."held_at", a."created_at", a."removed_at",
  ARRAY(SELECT h."name" FROM "hosts" h WHERE h."app_id" = a."id" ORDER BY h."position") AS "hosts",
  a."cluster", a."namespace"
FROM "apps" a;

CREATE OR REPLACE VIEW "deployment_records" AS
SELECT d."id", d."app_id", a."name" AS "app", d."number", d."release_id", r."number" AS "release_number",
  r."tag", r."commit", r."image_digest", v."number" AS "revision", d."state", d."slot", d."trigger",
  d."actor", d."reason", d."created_at", d."started_at", d."serving_at", d."finished_at",
  d."failure_phase", d."failure_code", d."failure_message", d."version", d."warm_until",
  (SELECT coalesce(jsonb_agg(jsonb_build_object('state', e."to_state", 'at', e."at") ORDER BY e."id"), '[]')
    FROM "events" e WHERE e."deployment_id" = d."id" AND e."to_state" IS NOT NULL) AS "stays",
  r."image_bytes", c."subject", c."author", c."committed_at",
  coalesce(a."serving_deployment_id" = d."id", false) AS "serving", d."runtime"
FROM "deployments" d
JOIN "apps" a ON a."id" = d."app_id"
JOIN "releases" r ON r."id" = d."release_id"
LEFT JOIN "revisions" v ON v."id" = r."revision_id"
LEFT JOIN "commits" c ON c."app_id" = r."app_id" AND c."sha" = r."commit";
