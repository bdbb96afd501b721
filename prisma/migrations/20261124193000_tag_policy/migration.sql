-- The whole policy of an app instead of its range alone, and its folder in a repository of several apps.

-- DropView
DROP VIEW "app_records";

-- AlterTable
ALTER TABLE "apps" ADD COLUMN     "tag_policy" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "from_next" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "root" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "tags_version" INTEGER NOT NULL DEFAULT 0;

UPDATE "apps" SET "tag_policy" = jsonb_build_object('range', "tag_range");

ALTER TABLE "apps" DROP COLUMN "tag_range";

-- AlterTable
ALTER TABLE "tags" ADD COLUMN     "points_at" TEXT,
ADD COLUMN     "tagger_name" TEXT,
ADD COLUMN     "tagger_email" TEXT,
ADD COLUMN     "created_at" TIMESTAMPTZ(3);

-- An annotated tag that moved back counts as still away until it is seen to change again.
UPDATE "tags" SET "points_at" = CASE WHEN "ref_sha" = "commit" THEN "commit" ELSE coalesce("moved_to", "commit") END;
ALTER TABLE "tags" ALTER COLUMN "points_at" SET NOT NULL;

-- CreateTable
CREATE TABLE "tag_observations" (
    "id" BIGSERIAL NOT NULL,
    "app_id" UUID NOT NULL,
    "tag" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "ref_sha" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "annotated" BOOLEAN NOT NULL,
    "tagger_name" TEXT,
    "tagger_email" TEXT,
    "created_at" TIMESTAMPTZ(3),
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tag_observations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tag_findings" (
    "app_id" UUID NOT NULL,
    "tag" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "ref_sha" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "basis" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tag_findings_pkey" PRIMARY KEY ("app_id","tag","kind")
);

-- CreateIndex
CREATE INDEX "tag_observations_app_id_tag_id_idx" ON "tag_observations"("app_id", "tag", "id");

-- AddForeignKey
ALTER TABLE "tag_observations" ADD CONSTRAINT "tag_observations_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tag_findings" ADD CONSTRAINT "tag_findings_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say -----------------------------------------------------

CREATE INDEX "tags_moved_idx" ON "tags" ("app_id") WHERE "moved_to" IS NOT NULL;

ALTER TABLE "tags"
  ADD CONSTRAINT "tags_points_at_format" CHECK ("points_at" ~ '^[0-9a-f]{40}$');

ALTER TABLE "tag_observations"
  ADD CONSTRAINT "tag_observations_kind_known" CHECK ("kind" IN ('seen', 'moved', 'retagged', 'deleted', 'recreated', 'read')),
  ADD CONSTRAINT "tag_observations_ref_sha_format" CHECK ("ref_sha" ~ '^[0-9a-f]{40}$'),
  ADD CONSTRAINT "tag_observations_commit_format" CHECK ("commit" ~ '^[0-9a-f]{40}$');

-- What was remembered before there were observations begins the history of each tag.
INSERT INTO "tag_observations" ("app_id", "tag", "kind", "ref_sha", "commit", "annotated", "seen_at")
SELECT "app_id", "name", 'seen', CASE WHEN "moved_to" IS NULL THEN "ref_sha" ELSE "commit" END, "commit",
  "annotated" AND "moved_to" IS NULL, "first_seen_at"
FROM "tags" ORDER BY "first_seen_at", "name";
INSERT INTO "tag_observations" ("app_id", "tag", "kind", "ref_sha", "commit", "annotated", "seen_at")
SELECT "app_id", "name", 'moved', "ref_sha", "moved_to", "annotated", "moved_at"
FROM "tags" WHERE "moved_to" IS NOT NULL ORDER BY "moved_at", "name";
INSERT INTO "tag_observations" ("app_id", "tag", "kind", "ref_sha", "commit", "annotated", "seen_at")
SELECT "app_id", "name", 'deleted', "ref_sha", "points_at", "annotated", "deleted_at"
FROM "tags" WHERE "deleted_at" IS NOT NULL ORDER BY "deleted_at", "name";

CREATE TRIGGER "tag_observations_are_kept" BEFORE UPDATE OR DELETE ON "tag_observations"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "tag_observations_are_not_truncated" BEFORE TRUNCATE ON "tag_observations"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

ALTER TABLE "tag_findings"
  ADD CONSTRAINT "tag_findings_kind_known" CHECK ("kind" IN ('signature', 'paths')),
  ADD CONSTRAINT "tag_findings_outcome_known"
    CHECK ("outcome" IN ('passed', 'unsigned', 'wrong signature', 'nothing changed'));

CREATE VIEW "app_records" AS
SELECT a."id", a."name", a."repo_url", a."tag_policy", a."from_next", a."root", a."build_args", a."runtime", a."seat",
  a."live_slot", a."serving_deployment_id", a."held_by", a."held_reason", a."held_at", a."created_at", a."removed_at",
  ARRAY(SELECT h."name" FROM "hosts" h WHERE h."app_id" = a."id" ORDER BY h."position") AS "hosts"
FROM "apps" a;
