-- A host numbers its reports one after the other: which were counted is one row of ranges, not a row a report.

-- CreateTable
CREATE TABLE "usage_epochs" (
    "host_id" UUID NOT NULL,
    "epoch" UUID NOT NULL,
    "counted" int8multirange NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_epochs_pkey" PRIMARY KEY ("host_id","epoch")
);

-- What was counted stays counted. The owner reads past the policies of a table once they are not forced on it.
ALTER TABLE usage_batches NO FORCE ROW LEVEL SECURITY;
INSERT INTO usage_epochs (host_id, epoch, counted, received_at)
  SELECT host_id, epoch, range_agg(int8range(seq, seq, '[]')), max(received_at) FROM usage_batches GROUP BY host_id, epoch;

-- DropTable
DROP TABLE "usage_batches";

ALTER TABLE usage_epochs ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_epochs FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON usage_epochs TO af_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_epochs TO af_system;
