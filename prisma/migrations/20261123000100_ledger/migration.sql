-- Fair queueing needs one clock for all tenants: the virtual start of the run leased last, kept by the system role in a row of
-- its own. A tenant reads it when it queues a run; it says nothing about anybody.
CREATE POLICY queue_clock ON tenant_queues FOR SELECT TO af_tenant USING (tenant_id = '00000000-0000-0000-0000-000000000000');

-- Join tokens that expired long ago are forgotten by a loop.
GRANT DELETE ON join_tokens TO af_system;

-- The queue is leased through `runs_queue` (partial); an index over every run that ever was would be written three times a run.
DROP INDEX runs_state_not_before_priority_virtual_start_id_idx;
