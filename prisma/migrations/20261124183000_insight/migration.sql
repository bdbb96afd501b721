-- What the dashboard shows: commits, health attempts, traffic; and the indexes that keep a long history quick.

CREATE TABLE "commits" (
    "app_id" UUID NOT NULL,
    "sha" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "committed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "commits_pkey" PRIMARY KEY ("app_id","sha")
);

CREATE TABLE "health_attempts" (
    "deployment_id" UUID NOT NULL,
    "instance" TEXT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "process" TEXT NOT NULL,
    "healthy" BOOLEAN NOT NULL,
    "detail" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,

    CONSTRAINT "health_attempts_pkey" PRIMARY KEY ("deployment_id","instance","first_at")
);

CREATE TABLE "traffic_minutes" (
    "app_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(0) NOT NULL,
    "slot" TEXT NOT NULL,
    "requests" INTEGER NOT NULL,
    "errors" INTEGER NOT NULL,
    "response_ms" INTEGER NOT NULL,

    CONSTRAINT "traffic_minutes_pkey" PRIMARY KEY ("app_id","at","slot")
);

ALTER TABLE "commits" ADD CONSTRAINT "commits_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "health_attempts" ADD CONSTRAINT "health_attempts_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "traffic_minutes" ADD CONSTRAINT "traffic_minutes_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE INDEX "traffic_minutes_at_idx" ON "traffic_minutes"("at");

CREATE INDEX "deployments_created_at_id_idx" ON "deployments"("created_at", "id");
CREATE INDEX "deployments_app_id_created_at_id_idx" ON "deployments"("app_id", "created_at", "id");
CREATE INDEX "deployments_state_created_at_id_idx" ON "deployments"("state", "created_at", "id");
CREATE INDEX "deployments_app_id_state_created_at_id_idx" ON "deployments"("app_id", "state", "created_at", "id");
CREATE INDEX "deployments_trigger_created_at_id_idx" ON "deployments"("trigger", "created_at", "id");
CREATE INDEX "deployments_actor_created_at_id_idx" ON "deployments"("actor", "created_at", "id");
CREATE INDEX "deployments_serving_at_idx" ON "deployments"("serving_at");
CREATE INDEX "deployments_finished_at_idx" ON "deployments"("finished_at");

CREATE INDEX "audit_actor_id_idx" ON "audit"("actor", "id");
CREATE INDEX "audit_action_id_idx" ON "audit"("action", "id");
CREATE INDEX "audit_outcome_id_idx" ON "audit"("outcome", "id");
CREATE INDEX "audit_at_id_idx" ON "audit"("at", "id");

-- What Prisma's schema language cannot say -----------------------------------------------------

ALTER TABLE "commits" ADD CONSTRAINT "commits_sha_format" CHECK ("sha" ~ '^[0-9a-f]{40}$');

ALTER TABLE "health_attempts"
  ADD CONSTRAINT "health_attempts_order" CHECK ("last_at" >= "first_at" AND "attempts" >= 1);

ALTER TABLE "traffic_minutes"
  ADD CONSTRAINT "traffic_minutes_slot_known" CHECK ("slot" IN ('blue', 'green')),
  ADD CONSTRAINT "traffic_minutes_counts" CHECK ("requests" >= 0 AND "errors" >= 0 AND "response_ms" >= 0);

CREATE OR REPLACE VIEW "deployment_records" AS
SELECT d."id", d."app_id", a."name" AS "app", d."number", d."release_id", r."number" AS "release_number",
  r."tag", r."commit", r."image_digest", v."number" AS "revision", d."state", d."slot", d."trigger",
  d."actor", d."reason", d."created_at", d."started_at", d."serving_at", d."finished_at",
  d."failure_phase", d."failure_code", d."failure_message", d."version", d."warm_until",
  (SELECT coalesce(jsonb_agg(jsonb_build_object('state', e."to_state", 'at', e."at") ORDER BY e."id"), '[]')
    FROM "events" e WHERE e."deployment_id" = d."id" AND e."to_state" IS NOT NULL) AS "stays",
  r."image_bytes", c."subject", c."author", c."committed_at",
  coalesce(a."serving_deployment_id" = d."id", false) AS "serving"
FROM "deployments" d
JOIN "apps" a ON a."id" = d."app_id"
JOIN "releases" r ON r."id" = d."release_id"
LEFT JOIN "revisions" v ON v."id" = r."revision_id"
LEFT JOIN "commits" c ON c."app_id" = r."app_id" AND c."sha" = r."commit";
