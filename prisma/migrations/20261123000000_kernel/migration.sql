-- CreateEnum
CREATE TYPE "version_state" AS ENUM ('published', 'deprecated', 'revoked');

-- CreateEnum
CREATE TYPE "draft_state" AS ENUM ('open', 'discarded', 'published');

-- CreateEnum
CREATE TYPE "host_state" AS ENUM ('enrolling', 'ready', 'draining', 'drained', 'cordoned', 'lost');

-- CreateEnum
CREATE TYPE "run_state" AS ENUM ('queued', 'leased', 'running', 'succeeded', 'failed', 'cancelled', 'dead');

-- CreateEnum
CREATE TYPE "run_kind" AS ENUM ('try', 'run');

-- CreateTable
CREATE TABLE "tenants" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL DEFAULT 'EUR',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "members" (
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL DEFAULT uuidv7(),
    "subject" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "roles" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "members_pkey" PRIMARY KEY ("tenant_id","user_id")
);

-- CreateTable
CREATE TABLE "audit_entries" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource_kind" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "before" JSONB,
    "after" JSONB,
    "trace_id" TEXT,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox_events" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID,
    "topic" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "available_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "decisions" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "policy" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "input_digest" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "allowed" BOOLEAN NOT NULL,
    "rules" TEXT[],
    "revision" TEXT NOT NULL,

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blobs" (
    "tenant_id" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "media_type" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blobs_pkey" PRIMARY KEY ("tenant_id","digest")
);

-- CreateTable
CREATE TABLE "templates" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "owner" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "templates_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "template_versions" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "template_id" UUID NOT NULL,
    "semver" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "state" "version_state" NOT NULL DEFAULT 'published',
    "parent_version_id" UUID,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_by" TEXT NOT NULL,

    CONSTRAINT "template_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "drafts" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "template_id" UUID NOT NULL,
    "base_version_id" UUID,
    "title" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "digest" TEXT,
    "state" "draft_state" NOT NULL DEFAULT 'open',
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT NOT NULL,
    "updated_by_name" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "drafts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "draft_revisions" (
    "tenant_id" UUID NOT NULL,
    "draft_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "digest" TEXT,
    "saved_by" TEXT NOT NULL,
    "saved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "draft_revisions_pkey" PRIMARY KEY ("tenant_id","draft_id","revision")
);

-- CreateTable
CREATE TABLE "hosts" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID,
    "serves" UUID[],
    "serves_all" BOOLEAN NOT NULL DEFAULT false,
    "name" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "state" "host_state" NOT NULL DEFAULT 'enrolling',
    "state_reason" TEXT,
    "resume_at" TIMESTAMPTZ(3),
    "certificate_fingerprint" TEXT,
    "certificate_not_after" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "epoch" UUID,
    "agent_version" TEXT,
    "inventory" JSONB NOT NULL DEFAULT '{}',
    "proof" JSONB,
    "isolation" TEXT NOT NULL DEFAULT 'unknown',
    "slots_total" INTEGER NOT NULL DEFAULT 0,
    "slots_free" INTEGER NOT NULL DEFAULT 0,
    "pool" JSONB NOT NULL DEFAULT '{}',
    "clock_skew_ms" INTEGER,
    "last_seen_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "hosts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "join_tokens" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID,
    "secret_hash" TEXT NOT NULL,
    "host_name" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "serves" UUID[],
    "serves_all" BOOLEAN NOT NULL DEFAULT false,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "used_by_host" UUID,

    CONSTRAINT "join_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "kind" "run_kind" NOT NULL,
    "template_id" UUID NOT NULL,
    "template_name" TEXT NOT NULL,
    "draft_id" UUID,
    "draft_revision" INTEGER,
    "version_id" UUID,
    "driver" TEXT NOT NULL,
    "manifest_digest" TEXT NOT NULL,
    "code_digest" TEXT,
    "code_entry" TEXT,
    "input_inline" JSONB,
    "input_digest" TEXT,
    "input_size_bytes" BIGINT NOT NULL DEFAULT 0,
    "limits" JSONB NOT NULL,
    "capabilities" TEXT[],
    "priority" INTEGER NOT NULL DEFAULT 0,
    "virtual_start" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "state" "run_state" NOT NULL DEFAULT 'queued',
    "state_reason" TEXT,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "max_attempts" INTEGER NOT NULL DEFAULT 1,
    "fence" BIGINT NOT NULL DEFAULT 0,
    "host_id" UUID,
    "lease_expires_at" TIMESTAMPTZ(3),
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "cancel_requested_at" TIMESTAMPTZ(3),
    "submitted_by" TEXT NOT NULL,
    "submitted_by_name" TEXT NOT NULL,
    "submitted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "output_inline" JSONB,
    "output_digest" TEXT,
    "output_size_bytes" BIGINT NOT NULL DEFAULT 0,
    "error" JSONB,
    "usage" JSONB,
    "trace_id" TEXT,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_events" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "attempt" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "run_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_logs" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "stream" TEXT NOT NULL,
    "text" TEXT NOT NULL,

    CONSTRAINT "run_logs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant_queues" (
    "tenant_id" UUID NOT NULL,
    "virtual_time" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "weight" DOUBLE PRECISION NOT NULL DEFAULT 1,

    CONSTRAINT "tenant_queues_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "tenants_slug_key" ON "tenants"("slug");

-- CreateIndex
CREATE INDEX "members_subject_idx" ON "members"("subject");

-- CreateIndex
CREATE UNIQUE INDEX "members_tenant_id_subject_key" ON "members"("tenant_id", "subject");

-- CreateIndex
CREATE INDEX "audit_entries_tenant_id_id_idx" ON "audit_entries"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "audit_entries_tenant_id_resource_kind_resource_id_id_idx" ON "audit_entries"("tenant_id", "resource_kind", "resource_id", "id");

-- CreateIndex
CREATE INDEX "outbox_events_delivered_at_available_at_id_idx" ON "outbox_events"("delivered_at", "available_at", "id");

-- CreateIndex
CREATE INDEX "decisions_tenant_id_at_idx" ON "decisions"("tenant_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "templates_tenant_id_name_key" ON "templates"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "templates_tenant_id_id_key" ON "templates"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "template_versions_tenant_id_digest_idx" ON "template_versions"("tenant_id", "digest");

-- CreateIndex
CREATE UNIQUE INDEX "template_versions_tenant_id_template_id_semver_key" ON "template_versions"("tenant_id", "template_id", "semver");

-- CreateIndex
CREATE INDEX "drafts_tenant_id_template_id_state_idx" ON "drafts"("tenant_id", "template_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "drafts_tenant_id_id_key" ON "drafts"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "hosts_tenant_id_idx" ON "hosts"("tenant_id");

-- CreateIndex
CREATE INDEX "join_tokens_tenant_id_idx" ON "join_tokens"("tenant_id");

-- CreateIndex
CREATE INDEX "runs_tenant_id_submitted_at_idx" ON "runs"("tenant_id", "submitted_at");

-- CreateIndex
CREATE INDEX "runs_tenant_id_draft_id_submitted_at_idx" ON "runs"("tenant_id", "draft_id", "submitted_at");

-- CreateIndex
CREATE INDEX "runs_state_not_before_priority_virtual_start_id_idx" ON "runs"("state", "not_before", "priority", "virtual_start", "id");

-- CreateIndex
CREATE INDEX "runs_host_id_state_idx" ON "runs"("host_id", "state");

-- CreateIndex
CREATE INDEX "run_events_run_id_id_idx" ON "run_events"("run_id", "id");

-- CreateIndex
CREATE INDEX "run_logs_run_id_id_idx" ON "run_logs"("run_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "run_logs_run_id_attempt_seq_key" ON "run_logs"("run_id", "attempt", "seq");

-- AddForeignKey
ALTER TABLE "template_versions" ADD CONSTRAINT "template_versions_tenant_id_template_id_fkey" FOREIGN KEY ("tenant_id", "template_id") REFERENCES "templates"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "template_versions" ADD CONSTRAINT "template_versions_parent_version_id_fkey" FOREIGN KEY ("parent_version_id") REFERENCES "template_versions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "drafts" ADD CONSTRAINT "drafts_tenant_id_template_id_fkey" FOREIGN KEY ("tenant_id", "template_id") REFERENCES "templates"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "drafts" ADD CONSTRAINT "drafts_base_version_id_fkey" FOREIGN KEY ("base_version_id") REFERENCES "template_versions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "draft_revisions" ADD CONSTRAINT "draft_revisions_tenant_id_draft_id_fkey" FOREIGN KEY ("tenant_id", "draft_id") REFERENCES "drafts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ─── Written by hand: what the schema language cannot say ───────────────────────────────────────────────────────────────────

-- Roles belong to the whole server and may exist. Whoever installs gives them LOGIN and a password.
DO $$ BEGIN CREATE ROLE af_tenant NOLOGIN NOBYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE af_system NOLOGIN NOBYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO af_tenant, af_system;

-- The tenant of this transaction; null outside one. After a transaction that set it the setting reads '', hence nullif.
CREATE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.tenant', true), '')::uuid;

-- Every table with a tenant_id: forced row-level security, the tenant sees and writes its own rows only.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['members', 'audit_entries', 'outbox_events', 'decisions', 'blobs', 'templates', 'template_versions', 'drafts',
    'draft_revisions', 'hosts', 'join_tokens', 'runs', 'run_events', 'run_logs', 'tenant_queues']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO af_tenant USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', name);
  END LOOP;
END $$;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenants TO af_tenant USING (id = app_tenant());

-- Hosts of the platform may be looked at by the tenants they serve, and changed by none of them.
CREATE POLICY serving ON hosts FOR SELECT TO af_tenant USING (tenant_id IS NULL AND (serves_all OR app_tenant() = ANY (serves)));

-- What a tenant's transaction may do at all. No table grants DELETE: nothing of the record is erased on somebody's behalf.
GRANT SELECT ON tenants TO af_tenant;
GRANT SELECT, INSERT ON members TO af_tenant;
GRANT UPDATE (name, email, roles) ON members TO af_tenant;
GRANT SELECT, INSERT ON audit_entries TO af_tenant;
GRANT INSERT ON outbox_events TO af_tenant;
GRANT SELECT, INSERT ON decisions TO af_tenant;
GRANT SELECT, INSERT ON blobs TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON templates TO af_tenant;
GRANT SELECT, INSERT ON template_versions TO af_tenant;
GRANT UPDATE (state) ON template_versions TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON drafts TO af_tenant;
GRANT SELECT, INSERT ON draft_revisions TO af_tenant;
GRANT SELECT, UPDATE ON hosts TO af_tenant;
GRANT SELECT, INSERT ON join_tokens TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON runs TO af_tenant;
GRANT SELECT, INSERT ON run_events TO af_tenant;
GRANT SELECT, INSERT ON run_logs TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON tenant_queues TO af_tenant;

-- The system role: all tenants, but only the tables that loops, the gateway and platform acts need.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tenants', 'members', 'audit_entries', 'outbox_events', 'decisions', 'hosts', 'join_tokens', 'runs', 'run_events',
    'run_logs', 'tenant_queues']
  LOOP
    EXECUTE format('CREATE POLICY system ON %I TO af_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON tenants TO af_system;
GRANT SELECT ON members TO af_system;
GRANT SELECT, INSERT ON audit_entries TO af_system;
GRANT INSERT ON decisions TO af_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_events TO af_system;
GRANT SELECT, INSERT, UPDATE ON hosts TO af_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON join_tokens TO af_system;
GRANT SELECT, INSERT, UPDATE ON runs TO af_system;
GRANT SELECT, INSERT ON run_events TO af_system;
GRANT SELECT, INSERT, DELETE ON run_logs TO af_system;
GRANT SELECT, INSERT, UPDATE ON tenant_queues TO af_system;

GRANT USAGE ON SEQUENCE audit_entries_id_seq, outbox_events_id_seq, run_events_id_seq, run_logs_id_seq TO af_tenant, af_system;

-- Published bytes never change, and what was saved or recorded stays as it was: not even for the owner.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: its rows are immutable', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER published_bytes_never_change BEFORE UPDATE ON template_versions FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.template_id, OLD.semver, OLD.digest, OLD.source, OLD.parent_version_id, OLD.published_at, OLD.published_by)
    IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.template_id, NEW.semver, NEW.digest, NEW.source, NEW.parent_version_id, NEW.published_at, NEW.published_by))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER published_versions_stay BEFORE DELETE ON template_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER draft_revisions_only_grow BEFORE UPDATE OR DELETE ON draft_revisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_only_grow BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Roles of members come from policies/access; an empty name or e-mail would make an audit entry useless.
ALTER TABLE members ADD CONSTRAINT members_named CHECK (name <> '' AND email <> '' AND subject <> '');
ALTER TABLE blobs ADD CONSTRAINT blobs_named_by_digest CHECK (digest ~ '^sha256:[0-9a-f]{64}$' AND size_bytes >= 0);
ALTER TABLE drafts ADD CONSTRAINT drafts_revision_counts CHECK (revision >= 1);
ALTER TABLE runs ADD CONSTRAINT runs_attempts_bounded CHECK (attempt >= 1 AND max_attempts >= 1);
ALTER TABLE audit_entries ADD CONSTRAINT audit_entries_outcome CHECK (outcome IN ('allowed', 'denied'));

-- The queue in the order it is leased: small, whatever the history of runs.
CREATE INDEX runs_queue ON runs (priority DESC, virtual_start, id) WHERE state = 'queued';
-- Leases by their end, for the loop that takes back what a lost host held.
CREATE INDEX runs_leases ON runs (lease_expires_at) WHERE state IN ('leased', 'running');
-- Events that wait to be delivered.
CREATE INDEX outbox_events_waiting ON outbox_events (topic, key, id) WHERE delivered_at IS NULL;
