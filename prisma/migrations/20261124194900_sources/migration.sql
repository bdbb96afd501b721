-- Where tags come from: credentials, host keys, webhooks, and whose signatures count.

ALTER TABLE "apps" ADD COLUMN "poll_key" TEXT, ADD COLUMN "known_hosts" TEXT;

-- CreateTable
CREATE TABLE "source_credentials" (
    "app_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "shown" JSONB NOT NULL DEFAULT '{}',
    "key_id" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "source_credentials_pkey" PRIMARY KEY ("app_id")
);

-- CreateTable
CREATE TABLE "webhooks" (
    "app_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("app_id","provider")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "app_id" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("app_id","digest")
);

-- CreateTable
CREATE TABLE "signers" (
    "app_id" UUID NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "added_by" TEXT NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signers_pkey" PRIMARY KEY ("app_id","fingerprint")
);

-- CreateIndex
CREATE INDEX "webhook_deliveries_at_idx" ON "webhook_deliveries"("at");

-- AddForeignKey
ALTER TABLE "source_credentials" ADD CONSTRAINT "source_credentials_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "signers" ADD CONSTRAINT "signers_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say -----------------------------------------------------

ALTER TABLE "source_credentials"
  ADD CONSTRAINT "source_credentials_kind" CHECK ("kind" IN ('token', 'sshKey', 'githubApp')),
  ADD CONSTRAINT "source_credentials_sealed_whole" CHECK (octet_length("sealed") > 28);
ALTER TABLE "webhooks"
  ADD CONSTRAINT "webhooks_provider" CHECK ("provider" IN ('github', 'gitlab', 'gitea', 'forgejo', 'bitbucket', 'plain')),
  ADD CONSTRAINT "webhooks_sealed_whole" CHECK (octet_length("sealed") > 28);
ALTER TABLE "signers" ADD CONSTRAINT "signers_kind" CHECK ("kind" IN ('openpgp', 'ssh'));
