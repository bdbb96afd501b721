-- Who did what is a chain as well. Entries from before it have no place in it.

ALTER TABLE "audit"
  ADD COLUMN "seq" INTEGER,
  ADD COLUMN "previous_hash" TEXT,
  ADD COLUMN "hash" TEXT;

CREATE UNIQUE INDEX "audit_seq_key" ON "audit"("seq");

ALTER TABLE "audit"
  ADD CONSTRAINT "audit_place_complete" CHECK (
    ("seq" IS NULL) = ("hash" IS NULL) AND ("seq" IS NULL) = ("previous_hash" IS NULL)),
  ADD CONSTRAINT "audit_hash_format"
    CHECK ("hash" ~ '^[0-9a-f]{64}$' AND "previous_hash" ~ '^[0-9a-f]{64}$');

-- One row: whoever appends holds it.
CREATE TABLE "audit_head" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "seq" INTEGER NOT NULL DEFAULT 0,
    "hash" TEXT NOT NULL DEFAULT '0000000000000000000000000000000000000000000000000000000000000000',

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("one"),
    CONSTRAINT "audit_head_is_one" CHECK ("one"),
    CONSTRAINT "audit_head_hash_format" CHECK ("hash" ~ '^[0-9a-f]{64}$')
);

INSERT INTO "audit_head" DEFAULT VALUES;
