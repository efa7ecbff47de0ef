-- CreateEnum
CREATE TYPE "review_state" AS ENUM ('open', 'approved', 'rejected', 'withdrawn');

-- CreateEnum
CREATE TYPE "review_part" AS ENUM ('contributor', 'approver');

-- CreateEnum
CREATE TYPE "review_verdict" AS ENUM ('approve', 'reject');

-- CreateEnum
CREATE TYPE "signing_key_state" AS ENUM ('announced', 'active', 'retiring', 'retired');

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "bundle_digest" TEXT,
ADD COLUMN     "semver" TEXT,
ADD COLUMN     "subject_name" TEXT;

-- AlterTable
ALTER TABLE "template_versions" ADD COLUMN     "attestation_id" UUID,
ADD COLUMN     "code_digest" TEXT,
ADD COLUMN     "review_id" UUID,
ADD COLUMN     "state_changed_at" TIMESTAMPTZ(3),
ADD COLUMN     "state_changed_by" TEXT,
ADD COLUMN     "state_reason" TEXT;

-- CreateTable
CREATE TABLE "draft_contributors" (
    "tenant_id" UUID NOT NULL,
    "draft_id" UUID NOT NULL,
    "contributor" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "draft_contributors_pkey" PRIMARY KEY ("tenant_id","draft_id","contributor")
);

-- CreateTable
CREATE TABLE "archive_uploads" (
    "tenant_id" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "uploader" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_uploads_pkey" PRIMARY KEY ("tenant_id","digest","uploader")
);

-- CreateTable
CREATE TABLE "reviews" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_name" TEXT NOT NULL,
    "source_ref" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "state" "review_state" NOT NULL DEFAULT 'open',
    "revision" INTEGER NOT NULL DEFAULT 1,
    "digest" TEXT,
    "required" INTEGER NOT NULL DEFAULT 1,
    "opened_by" TEXT NOT NULL,
    "opened_by_name" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "problem" JSONB,

    CONSTRAINT "reviews_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review_revisions" (
    "tenant_id" UUID NOT NULL,
    "review_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "digest" TEXT,
    "content" TEXT NOT NULL,
    "base_ref" TEXT,
    "base_digest" TEXT,
    "base_content" TEXT,
    "changes" JSONB NOT NULL DEFAULT '[]',
    "demands" TEXT NOT NULL,
    "next_ref" TEXT,
    "findings" JSONB NOT NULL DEFAULT '[]',
    "facts" JSONB NOT NULL DEFAULT '{}',
    "policy_revision" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_by_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "review_revisions_pkey" PRIMARY KEY ("tenant_id","review_id","revision")
);

-- CreateTable
CREATE TABLE "review_participants" (
    "tenant_id" UUID NOT NULL,
    "review_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "part" "review_part" NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "review_participants_pkey" PRIMARY KEY ("tenant_id","review_id","user_id")
);

-- CreateTable
CREATE TABLE "review_decisions" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "review_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "user_id" UUID NOT NULL,
    "user_name" TEXT NOT NULL,
    "verdict" "review_verdict" NOT NULL,
    "digest" TEXT NOT NULL,
    "policy_revision" TEXT NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "part" "review_part",
    "killed_at" TIMESTAMPTZ(3),
    "killed_reason" TEXT,

    CONSTRAINT "review_decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review_comments" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "review_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "thread_id" UUID,
    "pointer" TEXT,
    "body" TEXT NOT NULL,
    "author_id" TEXT NOT NULL,
    "author_name" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_at" TIMESTAMPTZ(3),
    "resolved_by" TEXT,

    CONSTRAINT "review_comments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signing_keys" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "hint" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "sealed_private_key" JSONB NOT NULL,
    "state" "signing_key_state" NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "distrusted_from" TIMESTAMPTZ(3),
    "distrust_reason" TEXT,

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "platform_keys" (
    "name" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "sealed_private_key" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "platform_keys_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "attestations" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "subject_name" TEXT NOT NULL,
    "subject_digest" TEXT NOT NULL,
    "predicate_type" TEXT NOT NULL,
    "bundle_digest" TEXT NOT NULL,
    "key_hint" TEXT NOT NULL,
    "tree_id" BIGINT NOT NULL,
    "log_index" BIGINT NOT NULL,
    "integrated_at" TIMESTAMPTZ(0) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attestations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_shards" (
    "tree_id" BIGINT NOT NULL,
    "origin" TEXT NOT NULL,
    "log_id" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "sealed_private_key" JSONB NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3),
    "size" BIGINT NOT NULL DEFAULT 0,
    "peaks" BYTEA[],
    "root" BYTEA NOT NULL,
    "checkpoint" TEXT NOT NULL DEFAULT '',
    "checkpoint_at" TIMESTAMPTZ(3),

    CONSTRAINT "log_shards_pkey" PRIMARY KEY ("tree_id")
);

-- CreateTable
CREATE TABLE "log_entries" (
    "tree_id" BIGINT NOT NULL,
    "index" BIGINT NOT NULL,
    "leaf_hash" BYTEA NOT NULL,
    "body" BYTEA NOT NULL,
    "kind" TEXT NOT NULL,
    "integrated_at" TIMESTAMPTZ(0) NOT NULL,

    CONSTRAINT "log_entries_pkey" PRIMARY KEY ("tree_id","index")
);

-- CreateTable
CREATE TABLE "log_nodes" (
    "tree_id" BIGINT NOT NULL,
    "level" SMALLINT NOT NULL,
    "index" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "log_nodes_pkey" PRIMARY KEY ("tree_id","level","index")
);

-- CreateTable
CREATE TABLE "audit_pending" (
    "entry_id" BIGINT NOT NULL,

    CONSTRAINT "audit_pending_pkey" PRIMARY KEY ("entry_id")
);

-- CreateTable
CREATE TABLE "audit_leaves" (
    "entry_id" BIGINT NOT NULL,
    "tenant_id" UUID,
    "nonce" BYTEA NOT NULL,
    "tree_id" BIGINT NOT NULL,
    "log_index" BIGINT NOT NULL,

    CONSTRAINT "audit_leaves_pkey" PRIMARY KEY ("entry_id")
);

-- CreateTable
CREATE TABLE "notices" (
    "id" UUID NOT NULL DEFAULT uuidv7(),
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "href" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "notices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "reviews_tenant_id_state_updated_at_idx" ON "reviews"("tenant_id", "state", "updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "reviews_tenant_id_id_key" ON "reviews"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "reviews_tenant_id_number_key" ON "reviews"("tenant_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "review_participants_tenant_id_review_id_user_id_part_key" ON "review_participants"("tenant_id", "review_id", "user_id", "part");

-- CreateIndex
CREATE INDEX "review_decisions_tenant_id_review_id_revision_idx" ON "review_decisions"("tenant_id", "review_id", "revision");

-- CreateIndex
CREATE INDEX "review_comments_tenant_id_review_id_at_idx" ON "review_comments"("tenant_id", "review_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "signing_keys_hint_key" ON "signing_keys"("hint");

-- CreateIndex
CREATE INDEX "signing_keys_tenant_id_state_idx" ON "signing_keys"("tenant_id", "state");

-- CreateIndex
CREATE INDEX "attestations_tenant_id_subject_digest_idx" ON "attestations"("tenant_id", "subject_digest");

-- CreateIndex
CREATE UNIQUE INDEX "attestations_tenant_id_predicate_type_subject_name_key" ON "attestations"("tenant_id", "predicate_type", "subject_name");

-- CreateIndex
CREATE UNIQUE INDEX "log_shards_origin_key" ON "log_shards"("origin");

-- CreateIndex
CREATE UNIQUE INDEX "log_entries_tree_id_leaf_hash_key" ON "log_entries"("tree_id", "leaf_hash");

-- CreateIndex
CREATE UNIQUE INDEX "audit_leaves_tree_id_log_index_key" ON "audit_leaves"("tree_id", "log_index");

-- CreateIndex
CREATE INDEX "notices_tenant_id_user_id_at_idx" ON "notices"("tenant_id", "user_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "notices_tenant_id_user_id_key_key" ON "notices"("tenant_id", "user_id", "key");

-- AddForeignKey
ALTER TABLE "template_versions" ADD CONSTRAINT "template_versions_attestation_id_fkey" FOREIGN KEY ("attestation_id") REFERENCES "attestations"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "draft_contributors" ADD CONSTRAINT "draft_contributors_tenant_id_draft_id_fkey" FOREIGN KEY ("tenant_id", "draft_id") REFERENCES "drafts"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_revisions" ADD CONSTRAINT "review_revisions_tenant_id_review_id_fkey" FOREIGN KEY ("tenant_id", "review_id") REFERENCES "reviews"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_participants" ADD CONSTRAINT "review_participants_tenant_id_review_id_fkey" FOREIGN KEY ("tenant_id", "review_id") REFERENCES "reviews"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_participants" ADD CONSTRAINT "review_participants_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "members"("tenant_id", "user_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_decisions" ADD CONSTRAINT "review_decisions_tenant_id_review_id_fkey" FOREIGN KEY ("tenant_id", "review_id") REFERENCES "reviews"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_decisions" ADD CONSTRAINT "review_decisions_tenant_id_review_id_user_id_part_fkey" FOREIGN KEY ("tenant_id", "review_id", "user_id", "part") REFERENCES "review_participants"("tenant_id", "review_id", "user_id", "part") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "review_comments" ADD CONSTRAINT "review_comments_tenant_id_review_id_fkey" FOREIGN KEY ("tenant_id", "review_id") REFERENCES "reviews"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_comments" ADD CONSTRAINT "review_comments_thread_id_fkey" FOREIGN KEY ("thread_id") REFERENCES "review_comments"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_entries" ADD CONSTRAINT "log_entries_tree_id_fkey" FOREIGN KEY ("tree_id") REFERENCES "log_shards"("tree_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_nodes" ADD CONSTRAINT "log_nodes_tree_id_fkey" FOREIGN KEY ("tree_id") REFERENCES "log_shards"("tree_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ─── Written by hand: what the schema language cannot say ───────────────────────────────────────────────────────────────────

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['draft_contributors', 'archive_uploads', 'reviews', 'review_revisions', 'review_participants', 'review_decisions',
    'review_comments', 'signing_keys', 'attestations', 'audit_leaves', 'notices']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO af_tenant USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', name);
  END LOOP;
  -- The loops that sign, sequence, forget and tell hosts what to trust see all tenants, in the columns granted below.
  FOREACH name IN ARRAY ARRAY['template_versions', 'signing_keys', 'attestations', 'audit_leaves', 'notices']
  LOOP
    EXECUTE format('CREATE POLICY system ON %I TO af_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

GRANT SELECT, INSERT ON draft_contributors, archive_uploads, review_revisions, review_decisions, review_comments, attestations, audit_leaves TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON reviews TO af_tenant;
GRANT UPDATE (digest, content, base_ref, base_digest, base_content, changes, demands, next_ref, findings, facts, policy_revision, created_by, created_by_name, created_at)
  ON review_revisions TO af_tenant;
GRANT SELECT, INSERT ON review_participants TO af_tenant;
GRANT UPDATE (part) ON review_participants TO af_tenant;
GRANT UPDATE (part, killed_at, killed_reason) ON review_decisions TO af_tenant;
GRANT UPDATE (resolved_at, resolved_by) ON review_comments TO af_tenant;
GRANT SELECT, INSERT ON signing_keys TO af_tenant;
GRANT UPDATE (state, not_after, sealed_private_key, distrusted_from, distrust_reason) ON signing_keys TO af_tenant;
GRANT SELECT, INSERT ON notices TO af_tenant;
GRANT UPDATE (kind, data, read_at) ON notices TO af_tenant;
GRANT UPDATE (state_reason, state_changed_at, state_changed_by, attestation_id) ON template_versions TO af_tenant;

GRANT SELECT (id, tenant_id, hint, public_key, state, not_before, not_after, created_at, distrusted_from) ON signing_keys TO af_system;
GRANT SELECT (id, tenant_id, template_id, semver, digest, state, attestation_id, published_at) ON template_versions TO af_system;
GRANT SELECT ON attestations TO af_system;
GRANT SELECT, INSERT ON audit_leaves TO af_system;
GRANT SELECT, INSERT ON platform_keys TO af_system;
GRANT SELECT (id, read_at), DELETE ON notices TO af_system;

-- The log belongs to nobody and holds digests only: everybody may read it, the system alone appends.
GRANT SELECT ON log_entries, log_nodes TO af_tenant, af_system;
GRANT SELECT (tree_id, origin, log_id, public_key, not_before, not_after, size, peaks, root, checkpoint, checkpoint_at) ON log_shards TO af_tenant;
GRANT SELECT, INSERT, UPDATE ON log_shards TO af_system;
GRANT INSERT ON log_entries, log_nodes TO af_system;

-- Every audit entry, whoever writes it, waits here until the sequencer gave it a place in the log.
GRANT SELECT, DELETE ON audit_pending TO af_system;
CREATE FUNCTION await_sequencing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO audit_pending (entry_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_entries_await_sequencing AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION await_sequencing();

-- What was published, signed, logged or said stays.
CREATE OR REPLACE TRIGGER published_bytes_never_change BEFORE UPDATE ON template_versions FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.template_id, OLD.semver, OLD.digest, OLD.source, OLD.parent_version_id, OLD.published_at, OLD.published_by,
         OLD.review_id, OLD.code_digest)
    IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.template_id, NEW.semver, NEW.digest, NEW.source, NEW.parent_version_id, NEW.published_at,
         NEW.published_by, NEW.review_id, NEW.code_digest)
    OR (OLD.attestation_id IS NOT NULL AND NEW.attestation_id IS DISTINCT FROM OLD.attestation_id)
    OR (OLD.state = 'revoked' AND NEW.state <> 'revoked'))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attestations_only_grow BEFORE UPDATE OR DELETE ON attestations FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_entries_only_grow BEFORE UPDATE OR DELETE ON log_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_nodes_only_grow BEFORE UPDATE OR DELETE ON log_nodes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_leaves_only_grow BEFORE UPDATE OR DELETE ON audit_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_shards_never_shrink BEFORE UPDATE ON log_shards FOR EACH ROW
  WHEN (NEW.size < OLD.size OR (OLD.tree_id, OLD.origin, OLD.log_id, OLD.public_key, OLD.not_before) IS DISTINCT FROM
        (NEW.tree_id, NEW.origin, NEW.log_id, NEW.public_key, NEW.not_before))
  EXECUTE FUNCTION refuse_change();
-- A key's distrust can reach further back, never be forgotten: what was refused once is not accepted again.
CREATE TRIGGER signing_keys_keep_their_word BEFORE UPDATE ON signing_keys FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.hint, OLD.public_key, OLD.not_before) IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.hint, NEW.public_key, NEW.not_before)
    OR (OLD.distrusted_from IS NOT NULL AND (NEW.distrusted_from IS NULL OR NEW.distrusted_from > OLD.distrusted_from)))
  EXECUTE FUNCTION refuse_change();

-- Reviews. One live review a source; a decision is for the head revision of an open review, for its very digest, and dies once.
CREATE UNIQUE INDEX reviews_one_live ON reviews (tenant_id, subject_kind, source_ref)
  WHERE state = 'open' OR (state = 'approved' AND outcome IS NULL);
CREATE UNIQUE INDEX review_decisions_one_live ON review_decisions (tenant_id, review_id, user_id) WHERE killed_at IS NULL;
ALTER TABLE review_decisions ADD CONSTRAINT review_decisions_live_by_approvers
  CHECK ((killed_at IS NULL) = (part IS NOT NULL) AND (part IS NULL OR part = 'approver'));
CREATE FUNCTION require_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM reviews r JOIN review_revisions v ON v.tenant_id = r.tenant_id AND v.review_id = r.id AND v.revision = r.revision
   WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.review_id AND r.state = 'open' AND r.revision = NEW.revision
     AND r.digest = NEW.digest AND v.digest = NEW.digest AND v.policy_revision = NEW.policy_revision
   FOR SHARE OF r;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a decision is for the newest revision of an open review' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER decisions_are_for_the_head BEFORE INSERT ON review_decisions FOR EACH ROW EXECUTE FUNCTION require_head();
CREATE TRIGGER decisions_die_once BEFORE UPDATE ON review_decisions FOR EACH ROW
  WHEN (OLD.killed_at IS NOT NULL OR NEW.killed_at IS NULL) EXECUTE FUNCTION refuse_change();
-- A revision that somebody decided on or spoke about is a record; one that nobody looked at may be replaced by the next save.
CREATE FUNCTION refuse_change_of_remarked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM review_decisions d WHERE (d.tenant_id, d.review_id, d.revision) = (OLD.tenant_id, OLD.review_id, OLD.revision))
    OR EXISTS (SELECT 1 FROM review_comments c WHERE (c.tenant_id, c.review_id, c.revision) = (OLD.tenant_id, OLD.review_id, OLD.revision)) THEN
    RAISE EXCEPTION 'a revision that was remarked on is immutable' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER remarked_revisions_stay BEFORE UPDATE ON review_revisions FOR EACH ROW EXECUTE FUNCTION refuse_change_of_remarked();
-- Whoever contributed stays a contributor: the part only ever moves away from approving.
CREATE TRIGGER contributors_stay BEFORE UPDATE ON review_participants FOR EACH ROW
  WHEN (OLD.part = 'contributor' AND NEW.part <> 'contributor') EXECUTE FUNCTION refuse_change();

CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (tenant_id) WHERE state = 'active';
CREATE UNIQUE INDEX log_shards_one_open ON log_shards ((true)) WHERE not_after IS NULL;
CREATE INDEX notices_unread ON notices (tenant_id, user_id, at) WHERE read_at IS NULL;
CREATE INDEX notices_read ON notices (read_at) WHERE read_at IS NOT NULL;
CREATE INDEX runs_of_version ON runs (tenant_id, version_id, submitted_at) WHERE version_id IS NOT NULL;

-- What is there already takes part: its authors are contributors, its versions are signed, its trail is sequenced. The owner sees
-- rows only while row-level security is not forced on it.
ALTER TABLE draft_revisions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE draft_contributors NO FORCE ROW LEVEL SECURITY;
ALTER TABLE template_versions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY;
INSERT INTO draft_contributors (tenant_id, draft_id, contributor, since)
  SELECT tenant_id, draft_id, saved_by, min(saved_at) FROM draft_revisions GROUP BY tenant_id, draft_id, saved_by;
INSERT INTO outbox_events (tenant_id, topic, key, payload)
  SELECT tenant_id, 'version.published', id::text, jsonb_build_object('versionId', id) FROM template_versions;
INSERT INTO audit_pending (entry_id) SELECT id FROM audit_entries;
ALTER TABLE draft_revisions FORCE ROW LEVEL SECURITY;
ALTER TABLE draft_contributors FORCE ROW LEVEL SECURITY;
ALTER TABLE template_versions FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_events FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
