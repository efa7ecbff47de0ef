-- A run's row changes three times in a second and is read for years: what only matters while it is held, or only for tries, is
-- indexed only then. A heartbeat moves `lease_expires_at`; with no index on it the update stays on its page.
DROP INDEX runs_host_id_state_idx;
DROP INDEX runs_leases;
DROP INDEX runs_tenant_id_draft_id_submitted_at_idx;
CREATE INDEX runs_held ON runs (host_id) WHERE state IN ('leased', 'running');
CREATE INDEX runs_of_draft ON runs (tenant_id, draft_id, submitted_at) WHERE draft_id IS NOT NULL;

-- Rows leave the queue as fast as they enter it: what is dead must not wait for a fifth of the table to die.
ALTER TABLE runs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02, fillfactor = 85);

-- Events are read by run, in order; an index on the number alone serves nobody.
ALTER TABLE run_events DROP CONSTRAINT run_events_pkey, ADD CONSTRAINT run_events_pkey PRIMARY KEY (run_id, id);
DROP INDEX run_events_run_id_id_idx;
