-- Turns are reserved by the system alone: no tenant puts itself before others.
REVOKE INSERT, UPDATE ON tenant_queues FROM af_tenant;
