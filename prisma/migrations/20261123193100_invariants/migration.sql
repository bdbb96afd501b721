-- What Prisma's schema language cannot say: wrong states are refused by the database itself.
-- The lists of values are those of libs/domain; a test compares them.

-- One place each -------------------------------------------------------------------------------

CREATE UNIQUE INDEX "apps_name_key" ON "apps" ("name") WHERE "removed_at" IS NULL;
CREATE UNIQUE INDEX "apps_seat_key" ON "apps" ("seat") WHERE "removed_at" IS NULL;
CREATE INDEX "apps_next_poll_at_idx" ON "apps" ("next_poll_at") WHERE "removed_at" IS NULL;

CREATE UNIQUE INDEX "deployments_one_active" ON "deployments" ("app_id")
  WHERE "state" IN ('building', 'releasing', 'starting', 'verifying', 'awaitingPromotion', 'switching',
    'draining', 'baking', 'reverting', 'failing', 'canceling', 'evicting');
CREATE UNIQUE INDEX "deployments_one_queued" ON "deployments" ("app_id") WHERE "state" = 'queued';
CREATE UNIQUE INDEX "deployments_one_live" ON "deployments" ("app_id") WHERE "state" = 'live';
CREATE INDEX "deployments_warm_idx" ON "deployments" ("warm_until") WHERE "warm_until" IS NOT NULL;
CREATE INDEX "builds_unfinished_idx" ON "builds" ("state") WHERE "state" IN ('pending', 'running');

-- Values ---------------------------------------------------------------------------------------

ALTER TABLE "apps"
  ADD CONSTRAINT "apps_runtime_known" CHECK ("runtime" IN ('docker', 'kubernetes')),
  ADD CONSTRAINT "apps_live_slot_known" CHECK ("live_slot" IN ('blue', 'green')),
  ADD CONSTRAINT "apps_seat_positive" CHECK ("seat" >= 1),
  ADD CONSTRAINT "apps_hold_complete" CHECK (("held_by" IS NULL) = ("held_at" IS NULL)),
  ADD CONSTRAINT "apps_event_hash_format" CHECK ("event_hash" ~ '^[0-9a-f]{64}$');

ALTER TABLE "tags"
  ADD CONSTRAINT "tags_ref_sha_format" CHECK ("ref_sha" ~ '^[0-9a-f]{40}$'),
  ADD CONSTRAINT "tags_commit_format" CHECK ("commit" ~ '^[0-9a-f]{40}$'),
  ADD CONSTRAINT "tags_moved_to_format" CHECK ("moved_to" ~ '^[0-9a-f]{40}$'),
  ADD CONSTRAINT "tags_moved_complete" CHECK (("moved_to" IS NULL) = ("moved_at" IS NULL));

ALTER TABLE "revisions"
  ADD CONSTRAINT "revisions_number_positive" CHECK ("number" >= 1),
  ADD CONSTRAINT "revisions_hash_format" CHECK ("hash" ~ '^[0-9a-f]{64}$');

ALTER TABLE "releases"
  ADD CONSTRAINT "releases_number_positive" CHECK ("number" >= 1),
  ADD CONSTRAINT "releases_commit_format" CHECK ("commit" ~ '^[0-9a-f]{40}$'),
  ADD CONSTRAINT "releases_image_digest_format" CHECK ("image_digest" ~ '^sha256:[0-9a-f]{64}$'),
  ADD CONSTRAINT "releases_build_key_format" CHECK ("build_key" ~ '^[0-9a-f]{64}$');

ALTER TABLE "builds"
  ADD CONSTRAINT "builds_state_known" CHECK ("state" IN ('pending', 'running', 'succeeded', 'failed')),
  ADD CONSTRAINT "builds_lease_complete" CHECK (("lease_holder" IS NULL) = ("lease_expires_at" IS NULL)),
  ADD CONSTRAINT "builds_failure_told" CHECK (("state" = 'failed') = ("failure_code" IS NOT NULL)),
  ADD CONSTRAINT "builds_finish_told" CHECK (("state" IN ('succeeded', 'failed')) = ("finished_at" IS NOT NULL));

ALTER TABLE "deployments"
  ADD CONSTRAINT "deployments_number_positive" CHECK ("number" >= 1),
  ADD CONSTRAINT "deployments_state_known" CHECK ("state" IN ('queued', 'building', 'releasing', 'starting',
    'verifying', 'awaitingPromotion', 'switching', 'draining', 'baking', 'live', 'reverting', 'failing',
    'canceling', 'evicting', 'failed', 'canceled', 'rolledBack', 'retired')),
  ADD CONSTRAINT "deployments_slot_known" CHECK ("slot" IN ('blue', 'green')),
  ADD CONSTRAINT "deployments_trigger_known"
    CHECK ("trigger" IN ('tag', 'manual', 'rollback', 'config', 'heal')),
  ADD CONSTRAINT "deployments_request_known" CHECK ("request_kind" IN ('cancel', 'promote', 'rollback')),
  ADD CONSTRAINT "deployments_request_complete" CHECK (("request_kind" IS NULL) = ("request_actor" IS NULL)),
  ADD CONSTRAINT "deployments_failure_complete" CHECK (
    ("failure_code" IS NULL) = ("failure_phase" IS NULL)
    AND ("failure_code" IS NULL) = ("failure_message" IS NULL)),
  ADD CONSTRAINT "deployments_lease_complete"
    CHECK (("lease_holder" IS NULL) = ("lease_expires_at" IS NULL)),
  -- From the switch on a deployment has a slot and has served.
  ADD CONSTRAINT "deployments_serving_told" CHECK (
    "state" NOT IN ('draining', 'baking', 'live', 'reverting', 'evicting', 'rolledBack', 'retired')
    OR ("slot" IS NOT NULL AND "serving_at" IS NOT NULL)),
  ADD CONSTRAINT "deployments_finish_told" CHECK (
    ("state" IN ('live', 'failed', 'canceled', 'rolledBack', 'retired')) = ("finished_at" IS NOT NULL)),
  ADD CONSTRAINT "deployments_only_retired_stays_warm" CHECK ("warm_until" IS NULL OR "state" = 'retired');

ALTER TABLE "instances"
  ADD CONSTRAINT "instances_slot_known" CHECK ("slot" IN ('blue', 'green')),
  ADD CONSTRAINT "instances_port_range" CHECK ("port" BETWEEN 1 AND 65535);

ALTER TABLE "events"
  ADD CONSTRAINT "events_seq_positive" CHECK ("seq" >= 1),
  ADD CONSTRAINT "events_hash_format"
    CHECK ("hash" ~ '^[0-9a-f]{64}$' AND "previous_hash" ~ '^[0-9a-f]{64}$');

ALTER TABLE "log_chunks"
  ADD CONSTRAINT "log_chunks_source_known" CHECK ("source" IN ('build', 'release', 'instance'));

ALTER TABLE "outbox"
  ADD CONSTRAINT "outbox_queue_known" CHECK ("queue" IN ('deployments', 'builds', 'tags', 'maintenance')),
  -- BullMQ allows no colon in the id of a job.
  ADD CONSTRAINT "outbox_key_format" CHECK ("key" ~ '^[^:]+$');

ALTER TABLE "api_tokens"
  ADD CONSTRAINT "api_tokens_role_known" CHECK ("role" IN ('viewer', 'deployer', 'admin')),
  ADD CONSTRAINT "api_tokens_hash_format" CHECK ("hash" ~ '^[0-9a-f]{64}$');

-- History --------------------------------------------------------------------------------------

CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never %', TG_TABLE_NAME,
    CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER "events_are_kept" BEFORE UPDATE OR DELETE ON "events"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "events_are_not_truncated" BEFORE TRUNCATE ON "events"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_is_kept" BEFORE UPDATE OR DELETE ON "audit"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_is_not_truncated" BEFORE TRUNCATE ON "audit"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "revisions_are_kept" BEFORE UPDATE OR DELETE ON "revisions"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "releases_are_kept" BEFORE DELETE ON "releases"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();

-- What a release is stands from the start; what its build finds out is written once.
CREATE FUNCTION "keep_release"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW."id", NEW."app_id", NEW."number", NEW."commit", NEW."created_at")
      IS DISTINCT FROM (OLD."id", OLD."app_id", OLD."number", OLD."commit", OLD."created_at")
    OR NEW."tag" IS DISTINCT FROM OLD."tag"
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

CREATE TRIGGER "releases_are_immutable" BEFORE UPDATE ON "releases"
  FOR EACH ROW EXECUTE FUNCTION "keep_release"();

-- Ids of events become visible in their order, so that a reader who asks for "after N" misses none.
CREATE FUNCTION "number_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('tagship.events'));
  NEW."id" := nextval('events_id_seq');
  RETURN NEW;
END $$;

CREATE TRIGGER "events_are_numbered" BEFORE INSERT ON "events"
  FOR EACH ROW EXECUTE FUNCTION "number_event"();

-- Fences ---------------------------------------------------------------------------------------

-- One sequence for all: a later lease of anything has a higher fence.
CREATE SEQUENCE "fence_seq" AS bigint;

-- Records --------------------------------------------------------------------------------------

CREATE VIEW "app_records" AS
SELECT a."id", a."name", a."repo_url", a."tag_range", a."build_args", a."runtime", a."seat", a."live_slot",
  a."serving_deployment_id", a."held_by", a."held_reason", a."held_at", a."created_at", a."removed_at",
  ARRAY(SELECT h."name" FROM "hosts" h WHERE h."app_id" = a."id" ORDER BY h."position") AS "hosts"
FROM "apps" a;

-- `stays`: every state that the deployment entered, and when; its phases are made from it.
CREATE VIEW "deployment_records" AS
SELECT d."id", d."app_id", a."name" AS "app", d."number", d."release_id", r."number" AS "release_number",
  r."tag", r."commit", r."image_digest", v."number" AS "revision", d."state", d."slot", d."trigger",
  d."actor", d."reason", d."created_at", d."started_at", d."serving_at", d."finished_at",
  d."failure_phase", d."failure_code", d."failure_message", d."version", d."warm_until",
  (SELECT coalesce(jsonb_agg(jsonb_build_object('state', e."to_state", 'at', e."at") ORDER BY e."id"), '[]')
    FROM "events" e WHERE e."deployment_id" = d."id" AND e."to_state" IS NOT NULL) AS "stays"
FROM "deployments" d
JOIN "apps" a ON a."id" = d."app_id"
JOIN "releases" r ON r."id" = d."release_id"
LEFT JOIN "revisions" v ON v."id" = r."revision_id";

-- Notifications --------------------------------------------------------------------------------

CREATE FUNCTION "tell_deployment"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tagship_deployment', NEW."id"::text);
  RETURN NULL;
END $$;

-- The version grows with every change that matters to others; a lease that is taken or prolonged does not.
CREATE TRIGGER "deployments_are_told" AFTER INSERT ON "deployments"
  FOR EACH ROW EXECUTE FUNCTION "tell_deployment"();
CREATE TRIGGER "deployment_changes_are_told" AFTER UPDATE ON "deployments"
  FOR EACH ROW WHEN (OLD."version" IS DISTINCT FROM NEW."version") EXECUTE FUNCTION "tell_deployment"();

CREATE FUNCTION "tell_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tagship_event', NEW."id"::text);
  RETURN NULL;
END $$;

CREATE TRIGGER "events_are_told" AFTER INSERT ON "events"
  FOR EACH ROW EXECUTE FUNCTION "tell_event"();

CREATE FUNCTION "tell_log"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tagship_log', "deployment_id"::text) FROM (SELECT DISTINCT "deployment_id" FROM added) one;
  RETURN NULL;
END $$;

CREATE TRIGGER "log_chunks_are_told" AFTER INSERT ON "log_chunks"
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "tell_log"();

CREATE FUNCTION "tell_outbox"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY tagship_outbox;
  RETURN NULL;
END $$;

CREATE TRIGGER "outbox_is_told" AFTER INSERT ON "outbox"
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_outbox"();
