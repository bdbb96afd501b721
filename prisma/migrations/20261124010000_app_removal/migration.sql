-- An app that was removed keeps its name and its place at the router until nothing of it is left.

ALTER TABLE "apps" ADD COLUMN "gone_at" TIMESTAMPTZ(3);
UPDATE "apps" SET "gone_at" = "removed_at";

DROP INDEX "apps_name_key";
DROP INDEX "apps_seat_key";
CREATE UNIQUE INDEX "apps_name_key" ON "apps" ("name") WHERE "gone_at" IS NULL;
CREATE UNIQUE INDEX "apps_seat_key" ON "apps" ("seat") WHERE "gone_at" IS NULL;
