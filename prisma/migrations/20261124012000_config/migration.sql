-- AlterTable
ALTER TABLE "revisions" ADD COLUMN     "secrets" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "config_entries" (
    "app_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "value" TEXT,
    "secret_version" INTEGER,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "config_entries_pkey" PRIMARY KEY ("app_id","name")
);

-- CreateTable
CREATE TABLE "secret_versions" (
    "app_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "key_id" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "secret_versions_pkey" PRIMARY KEY ("app_id","name","version")
);

-- AddForeignKey
ALTER TABLE "config_entries" ADD CONSTRAINT "config_entries_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "config_entries" ADD CONSTRAINT "config_entries_app_id_name_secret_version_fkey" FOREIGN KEY ("app_id", "name", "secret_version") REFERENCES "secret_versions"("app_id", "name", "version") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_versions" ADD CONSTRAINT "secret_versions_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say -----------------------------------------------------

ALTER TABLE "config_entries"
  ADD CONSTRAINT "config_entries_name_format" CHECK ("name" ~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$'),
  -- An env value or a secret, never both.
  ADD CONSTRAINT "config_entries_one_kind" CHECK (("value" IS NULL) <> ("secret_version" IS NULL));

ALTER TABLE "secret_versions"
  ADD CONSTRAINT "secret_versions_version_positive" CHECK ("version" >= 1),
  ADD CONSTRAINT "secret_versions_key_id_format" CHECK ("key_id" ~ '^[0-9a-f]{16}$'),
  ADD CONSTRAINT "secret_versions_sealed_whole" CHECK (octet_length("sealed") > 28);

CREATE TRIGGER "secret_versions_are_kept" BEFORE UPDATE ON "secret_versions"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();

-- Revisions name versions, and a rollback needs them; once the app is removed, nobody does.
CREATE FUNCTION "keep_secret_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM "apps" WHERE "id" = OLD."app_id" AND "removed_at" IS NULL) THEN
    RAISE EXCEPTION 'version % of a secret is kept as long as its app', OLD."version"
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$;

CREATE TRIGGER "secret_versions_outlive_their_use" BEFORE DELETE ON "secret_versions"
  FOR EACH ROW EXECUTE FUNCTION "keep_secret_version"();

-- What a release is stands from the start; what its build finds out is written once. Only the release of a
-- change of config that still waits for its turn is not settled: it will be of the commit that serves then.
CREATE OR REPLACE FUNCTION "keep_release"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW."id", NEW."app_id", NEW."number", NEW."created_at")
      IS DISTINCT FROM (OLD."id", OLD."app_id", OLD."number", OLD."created_at")
    OR (NEW."commit" IS DISTINCT FROM OLD."commit" OR NEW."tag" IS DISTINCT FROM OLD."tag")
      AND (OLD."revision_id" IS NOT NULL OR NOT EXISTS (
        SELECT FROM "deployments" d
        WHERE d."release_id" = OLD."id" AND d."trigger" = 'config' AND d."state" = 'queued'))
    OR NEW."source_release_id" IS DISTINCT FROM OLD."source_release_id"
    OR OLD."image_digest" IS NOT NULL AND NEW."image_digest" IS DISTINCT FROM OLD."image_digest"
    OR OLD."image_bytes" IS NOT NULL AND NEW."image_bytes" IS DISTINCT FROM OLD."image_bytes"
    OR OLD."build_key" IS NOT NULL AND NEW."build_key" IS DISTINCT FROM OLD."build_key"
    OR OLD."revision_id" IS NOT NULL AND NEW."revision_id" IS DISTINCT FROM OLD."revision_id"
  THEN
    RAISE EXCEPTION 'release % is immutable', OLD."id" USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
