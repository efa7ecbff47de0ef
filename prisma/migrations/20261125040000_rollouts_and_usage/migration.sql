-- CreateEnum
CREATE TYPE "rollout_state" AS ENUM ('pending', 'running', 'paused', 'completed', 'rolled_back');

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "channel_id" UUID,
ADD COLUMN     "channel_name" TEXT,
ADD COLUMN     "judged" JSONB,
ADD COLUMN     "moved_from_version_id" UUID,
ADD COLUMN     "sticky_hash" BIGINT;

-- CreateTable
CREATE TABLE "channels" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "template_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "plan_name" TEXT NOT NULL,
    "stable_version_id" UUID,
    "canary_version_id" UUID,
    "canary_weight" INTEGER NOT NULL DEFAULT 0,
    "rollout_id" UUID,
    "judgement" JSONB,
    "revision" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channels_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel_moves" (
    "tenant_id" UUID NOT NULL,
    "channel_id" UUID NOT NULL,
    "revision" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stable_version_id" UUID,
    "canary_version_id" UUID,
    "canary_weight" INTEGER NOT NULL,
    "rollout_id" UUID,
    "reason" TEXT NOT NULL,

    CONSTRAINT "channel_moves_pkey" PRIMARY KEY ("tenant_id","channel_id","revision")
);

-- CreateTable
CREATE TABLE "rollout_plans" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "review_id" UUID,
    "attestation_id" UUID,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_by" TEXT NOT NULL,

    CONSTRAINT "rollout_plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollout_plan_drafts" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "state" TEXT NOT NULL DEFAULT 'open',
    "created_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rollout_plan_drafts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollouts" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "channel_id" UUID NOT NULL,
    "template_id" UUID NOT NULL,
    "baseline_version_id" UUID,
    "canary_version_id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "plan" JSONB NOT NULL,
    "targets" JSONB NOT NULL,
    "state" "rollout_state" NOT NULL DEFAULT 'pending',
    "state_reason" TEXT,
    "step" INTEGER NOT NULL DEFAULT 0,
    "step_started_at" TIMESTAMPTZ(3),
    "paused_ms" BIGINT NOT NULL DEFAULT 0,
    "paused_at" TIMESTAMPTZ(3),
    "gate_passed_at" TIMESTAMPTZ(3),
    "verdicts" JSONB,
    "revision" BIGINT NOT NULL DEFAULT 1,
    "started_by" TEXT NOT NULL,
    "started_by_name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "rollouts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollout_events" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID NOT NULL,
    "rollout_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "rollout_events_pkey" PRIMARY KEY ("rollout_id","id")
);

-- CreateTable
CREATE TABLE "usage_inbox" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "outcome" JSONB NOT NULL,

    CONSTRAINT "usage_inbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_outcomes" (
    "tenant_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "template_id" UUID NOT NULL,
    "version_id" UUID,
    "channel_id" UUID,
    "host_id" UUID,
    "state" TEXT NOT NULL,
    "error_kind" TEXT,
    "duration_ms" DOUBLE PRECISION,
    "wait_ms" DOUBLE PRECISION,
    "cpu_us" BIGINT NOT NULL DEFAULT 0,
    "memory_mib_ms" BIGINT NOT NULL DEFAULT 0,
    "cost_nanos" BIGINT NOT NULL DEFAULT 0,
    "used_nanos" BIGINT NOT NULL DEFAULT 0,
    "slow" BOOLEAN,
    "rollout_id" UUID,
    "step" INTEGER,
    "cohort" TEXT,
    "sticky_hash" BIGINT,
    "bad" TEXT[],

    CONSTRAINT "run_outcomes_pkey" PRIMARY KEY ("run_id","attempt","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "usage_rollups" (
    "tenant_id" UUID NOT NULL,
    "grain_seconds" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "template_id" UUID NOT NULL,
    "version_id" UUID NOT NULL,
    "channel_id" UUID NOT NULL,
    "runs" BIGINT NOT NULL DEFAULT 0,
    "succeeded" BIGINT NOT NULL DEFAULT 0,
    "failed" BIGINT NOT NULL DEFAULT 0,
    "cancelled" BIGINT NOT NULL DEFAULT 0,
    "dead" BIGINT NOT NULL DEFAULT 0,
    "slow" BIGINT NOT NULL DEFAULT 0,
    "timed" BIGINT NOT NULL DEFAULT 0,
    "cpu_us" BIGINT NOT NULL DEFAULT 0,
    "gpu_us" BIGINT NOT NULL DEFAULT 0,
    "memory_mib_ms" BIGINT NOT NULL DEFAULT 0,
    "tokens_in" BIGINT NOT NULL DEFAULT 0,
    "tokens_out" BIGINT NOT NULL DEFAULT 0,
    "allocated_nanos" BIGINT NOT NULL DEFAULT 0,
    "used_nanos" BIGINT NOT NULL DEFAULT 0,
    "duration_sketch" BYTEA,
    "wait_sketch" BYTEA,

    CONSTRAINT "usage_rollups_pkey" PRIMARY KEY ("tenant_id","grain_seconds","bucket","template_id","version_id","channel_id")
);

-- CreateTable
CREATE TABLE "host_usage" (
    "host_id" UUID NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "tenant_id" UUID,
    "slot_ms" BIGINT NOT NULL DEFAULT 0,
    "busy_slot_ms" BIGINT NOT NULL DEFAULT 0,
    "bill_micros" BIGINT NOT NULL DEFAULT 0,
    "idle_micros" BIGINT NOT NULL DEFAULT 0,
    "lost_batches" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "host_usage_pkey" PRIMARY KEY ("host_id","bucket")
);

-- CreateTable
CREATE TABLE "cohort_counts" (
    "tenant_id" UUID NOT NULL,
    "rollout_id" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "cohort" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "units" BIGINT NOT NULL DEFAULT 0,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "cohort_counts_pkey" PRIMARY KEY ("tenant_id","rollout_id","step","cohort","metric")
);

-- CreateTable
CREATE TABLE "cohort_keys" (
    "tenant_id" UUID NOT NULL,
    "rollout_id" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "metric" TEXT NOT NULL,
    "sticky_hash" BIGINT NOT NULL,

    CONSTRAINT "cohort_keys_pkey" PRIMARY KEY ("rollout_id","step","metric","sticky_hash")
);

-- CreateTable
CREATE TABLE "usage_batches" (
    "host_id" UUID NOT NULL,
    "epoch" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_batches_pkey" PRIMARY KEY ("host_id","epoch","seq")
);

-- CreateTable
CREATE TABLE "price_books" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "prices" JSONB NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "price_books_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budgets" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "template_id" UUID,
    "amount_micros" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "warn_percents" INTEGER[],
    "stop_percent" INTEGER,
    "told" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budgets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quota_holds" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "template_id" UUID,
    "source" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "until" TIMESTAMPTZ(3),
    "released_at" TIMESTAMPTZ(3),
    "released_by" TEXT,

    CONSTRAINT "quota_holds_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_tokens" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "roles" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "service_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "tenant_id" UUID NOT NULL,
    "token_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "status" INTEGER,
    "response" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("tenant_id","token_id","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "channels_tenant_id_template_id_name_key" ON "channels"("tenant_id", "template_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "channels_tenant_id_id_key" ON "channels"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "rollout_plans_tenant_id_name_revision_key" ON "rollout_plans"("tenant_id", "name", "revision");

-- CreateIndex
CREATE INDEX "rollout_plan_drafts_tenant_id_name_idx" ON "rollout_plan_drafts"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "rollouts_tenant_id_channel_id_started_at_idx" ON "rollouts"("tenant_id", "channel_id", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "rollouts_tenant_id_number_key" ON "rollouts"("tenant_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "rollouts_tenant_id_id_key" ON "rollouts"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "usage_rollups_tenant_id_grain_seconds_template_id_bucket_idx" ON "usage_rollups"("tenant_id", "grain_seconds", "template_id", "bucket");

-- CreateIndex
CREATE INDEX "host_usage_tenant_id_bucket_idx" ON "host_usage"("tenant_id", "bucket");

-- CreateIndex
CREATE INDEX "usage_batches_received_at_idx" ON "usage_batches"("received_at");

-- CreateIndex
CREATE UNIQUE INDEX "price_books_tenant_id_revision_key" ON "price_books"("tenant_id", "revision");

-- CreateIndex
CREATE INDEX "budgets_tenant_id_idx" ON "budgets"("tenant_id");

-- CreateIndex
CREATE INDEX "quota_holds_tenant_id_idx" ON "quota_holds"("tenant_id");

-- CreateIndex
CREATE UNIQUE INDEX "service_tokens_secret_hash_key" ON "service_tokens"("secret_hash");

-- CreateIndex
CREATE INDEX "service_tokens_tenant_id_idx" ON "service_tokens"("tenant_id");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- CreateIndex
CREATE INDEX "runs_tenant_id_channel_id_submitted_at_idx" ON "runs"("tenant_id", "channel_id", "submitted_at");

-- CreateIndex
CREATE UNIQUE INDEX "template_versions_tenant_id_template_id_id_key" ON "template_versions"("tenant_id", "template_id", "id");

-- AddForeignKey
ALTER TABLE "channels" ADD CONSTRAINT "channels_tenant_id_template_id_fkey" FOREIGN KEY ("tenant_id", "template_id") REFERENCES "templates"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channels" ADD CONSTRAINT "channels_tenant_id_template_id_stable_version_id_fkey" FOREIGN KEY ("tenant_id", "template_id", "stable_version_id") REFERENCES "template_versions"("tenant_id", "template_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channels" ADD CONSTRAINT "channels_tenant_id_template_id_canary_version_id_fkey" FOREIGN KEY ("tenant_id", "template_id", "canary_version_id") REFERENCES "template_versions"("tenant_id", "template_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_tenant_id_channel_id_fkey" FOREIGN KEY ("tenant_id", "channel_id") REFERENCES "channels"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "rollout_plans"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ─── Written by hand: what the schema language cannot say ───────────────────────────────────────────────────────────────────

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['channels', 'channel_moves', 'rollout_plans', 'rollout_plan_drafts', 'rollouts', 'rollout_events', 'usage_inbox',
    'run_outcomes', 'usage_rollups', 'host_usage', 'cohort_counts', 'cohort_keys', 'price_books', 'budgets', 'quota_holds', 'service_tokens', 'idempotency_keys']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO af_tenant USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', name);
  END LOOP;
  -- The loops that move channels, count usage and watch budgets see all tenants.
  FOREACH name IN ARRAY ARRAY['channels', 'channel_moves', 'rollouts', 'rollout_events', 'usage_inbox', 'run_outcomes', 'usage_rollups', 'host_usage',
    'cohort_counts', 'cohort_keys', 'price_books', 'budgets', 'quota_holds', 'service_tokens', 'idempotency_keys']
  LOOP
    EXECUTE format('CREATE POLICY system ON %I TO af_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

-- What was counted of which host is for loops and the gateway alone.
ALTER TABLE usage_batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_batches FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON usage_batches TO af_system USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON channels, channel_moves, rollouts, rollout_events, rollout_plans, price_books TO af_tenant;
GRANT UPDATE (plan_name, stable_version_id, canary_version_id, canary_weight, rollout_id, judgement, revision, updated_at) ON channels TO af_tenant, af_system;
GRANT UPDATE (state, state_reason, step, step_started_at, paused_ms, paused_at, gate_passed_at, verdicts, revision, ended_at) ON rollouts TO af_tenant, af_system;
GRANT UPDATE (attestation_id) ON rollout_plans TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON rollout_plan_drafts, budgets, quota_holds TO af_tenant;
-- A queued run that a person cancels ends in the tenant's own transaction.
GRANT INSERT ON usage_inbox TO af_tenant;
GRANT SELECT, INSERT ON service_tokens TO af_tenant;
GRANT UPDATE (revoked_at) ON service_tokens TO af_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO af_tenant;
GRANT SELECT ON run_outcomes, usage_rollups, host_usage, cohort_counts TO af_tenant;
GRANT DELETE ON budgets TO af_tenant;

GRANT SELECT ON channels, rollouts, price_books, quota_holds TO af_system;
GRANT SELECT, INSERT ON channel_moves, rollout_events TO af_system;
GRANT SELECT, INSERT, DELETE ON usage_inbox, cohort_keys TO af_system;
-- To lock rows that it takes.
GRANT UPDATE (id) ON usage_inbox TO af_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON run_outcomes, usage_rollups, host_usage, cohort_counts, usage_batches TO af_system;
-- What a version promises (its latency objective) is in its manifest.
GRANT SELECT (source) ON template_versions TO af_system;
GRANT SELECT ON budgets, service_tokens TO af_system;
GRANT UPDATE (told) ON budgets TO af_system;
GRANT INSERT, UPDATE ON quota_holds TO af_system;
GRANT UPDATE (last_used_at) ON service_tokens TO af_system;
GRANT SELECT, DELETE ON idempotency_keys TO af_system;
GRANT SELECT, UPDATE ON runs TO af_system;
GRANT USAGE ON SEQUENCE usage_inbox_id_seq, rollout_events_id_seq TO af_system, af_tenant;

-- A channel belongs to its template and resolves to versions of it alone; a canary has a rollout and a weight, or there is none.
ALTER TABLE channels
  ADD CONSTRAINT channels_canary_of_a_rollout CHECK ((canary_version_id IS NULL) = (rollout_id IS NULL) AND (canary_version_id IS NOT NULL OR canary_weight = 0)),
  ADD CONSTRAINT channels_weight CHECK (canary_weight BETWEEN 0 AND 10000),
  ADD CONSTRAINT channels_two_versions CHECK (canary_version_id IS DISTINCT FROM stable_version_id OR canary_version_id IS NULL);
ALTER TABLE rollouts
  ADD CONSTRAINT rollouts_end CHECK ((state IN ('completed', 'rolled_back')) = (ended_at IS NOT NULL)),
  ADD CONSTRAINT rollouts_pause CHECK ((state = 'paused') = (paused_at IS NOT NULL));
CREATE UNIQUE INDEX rollouts_one_live ON rollouts (tenant_id, channel_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX rollout_plan_drafts_one_open ON rollout_plan_drafts (tenant_id, name) WHERE state = 'open';
CREATE UNIQUE INDEX budgets_one_a_scope ON budgets (tenant_id, coalesce(template_id, '00000000-0000-0000-0000-000000000000'));
CREATE UNIQUE INDEX quota_holds_one_live ON quota_holds (tenant_id, source) WHERE released_at IS NULL;
CREATE UNIQUE INDEX service_tokens_live_name ON service_tokens (tenant_id, name) WHERE revoked_at IS NULL;
CREATE INDEX runs_of_channel_queue ON runs (channel_id) WHERE state IN ('queued', 'leased', 'running') AND channel_id IS NOT NULL;

CREATE TRIGGER channel_moves_only_grow BEFORE UPDATE OR DELETE ON channel_moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rollout_events_only_grow BEFORE UPDATE OR DELETE ON rollout_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER price_books_never_change BEFORE UPDATE OR DELETE ON price_books FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rollouts_end_once BEFORE UPDATE ON rollouts FOR EACH ROW
  WHEN (OLD.ended_at IS NOT NULL OR (OLD.id, OLD.tenant_id, OLD.number, OLD.channel_id, OLD.baseline_version_id, OLD.canary_version_id, OLD.plan_id, OLD.plan)
    IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.number, NEW.channel_id, NEW.baseline_version_id, NEW.canary_version_id, NEW.plan_id, NEW.plan))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER published_plans_never_change BEFORE UPDATE ON rollout_plans FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.name, OLD.revision, OLD.digest, OLD.source, OLD.review_id) IS DISTINCT FROM
        (NEW.id, NEW.tenant_id, NEW.name, NEW.revision, NEW.digest, NEW.source, NEW.review_id)
    OR (OLD.attestation_id IS NOT NULL AND NEW.attestation_id IS DISTINCT FROM OLD.attestation_id))
  EXECUTE FUNCTION refuse_change();

-- Outcomes lie in partitions of a month, made ahead and dropped whole when their year is over.
CREATE FUNCTION ensure_outcome_partitions(upto date) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month date := date_trunc('month', least(upto, current_date) - interval '1 month')::date;
  made int := 0;
BEGIN
  WHILE month <= upto LOOP
    -- Two that come at once may both miss it: the second waits until the first is through, and looks again.
    IF to_regclass('run_outcomes_' || to_char(month, 'YYYYMM')) IS NULL THEN
      LOCK TABLE run_outcomes IN SHARE UPDATE EXCLUSIVE MODE;
    END IF;
    IF to_regclass('run_outcomes_' || to_char(month, 'YYYYMM')) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF run_outcomes FOR VALUES FROM (%L) TO (%L)',
        'run_outcomes_' || to_char(month, 'YYYYMM'), month, (month + interval '1 month')::date);
      -- Rows are reached through the parent and its policies; a partition by itself is closed.
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', 'run_outcomes_' || to_char(month, 'YYYYMM'));
      EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', 'run_outcomes_' || to_char(month, 'YYYYMM'));
      made := made + 1;
    END IF;
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN made;
END $$;
CREATE FUNCTION drop_outcome_partitions(before date) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  part record;
  dropped int := 0;
BEGIN
  FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'run_outcomes'::regclass
    AND c.relname ~ '^run_outcomes_[0-9]{6}$' AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= before
  LOOP
    EXECUTE format('DROP TABLE %I', part.relname);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION ensure_outcome_partitions(date), drop_outcome_partitions(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_outcome_partitions(date), drop_outcome_partitions(date) TO af_system;

-- Whoever brought code before uploads were on record has a part in it all the same: the audit trail knows. The owner is under row-level
-- security as well, so for this it is lifted, in the same transaction.
ALTER TABLE archive_uploads NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY;
INSERT INTO archive_uploads (tenant_id, digest, uploader)
  SELECT DISTINCT tenant_id, resource_id, actor_id FROM audit_entries
   WHERE action = 'archives.upload' AND outcome = 'allowed' AND resource_id LIKE 'sha256:%' AND tenant_id IS NOT NULL
  ON CONFLICT DO NOTHING;
ALTER TABLE archive_uploads FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;

-- A key's distrust can reach further back, never be forgotten: what was refused once is not accepted again. Nor does its window change
-- once its end is set: what was signed in it stays signed, and nothing later becomes so.
DROP TRIGGER signing_keys_keep_their_word ON signing_keys;
CREATE TRIGGER signing_keys_keep_their_word BEFORE UPDATE ON signing_keys FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.hint, OLD.public_key, OLD.not_before) IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.hint, NEW.public_key, NEW.not_before)
    OR (OLD.distrusted_from IS NOT NULL AND (NEW.distrusted_from IS NULL OR NEW.distrusted_from > OLD.distrusted_from))
    OR (OLD.not_after IS NOT NULL AND NEW.not_after IS DISTINCT FROM OLD.not_after))
  EXECUTE FUNCTION refuse_change();
