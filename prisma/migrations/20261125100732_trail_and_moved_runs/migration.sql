-- What people did is found among a million entries of tokens, and one action among all of them.
CREATE INDEX "audit_entries_tenant_id_actor_kind_id_idx" ON "audit_entries"("tenant_id", "actor_kind", "id");
CREATE INDEX "audit_entries_tenant_id_action_id_idx" ON "audit_entries"("tenant_id", "action", "id");

-- Few runs are moved away from a canary: to find them is to read them, not the ledger.
CREATE INDEX runs_moved ON runs (tenant_id, submitted_at, id) WHERE moved_from_version_id IS NOT NULL;
