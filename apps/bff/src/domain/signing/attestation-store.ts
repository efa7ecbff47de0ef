/** Attestations in PostgreSQL. A row never changes; what it names lies in the tenant's blob store. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type AttestationRow = {
  readonly id: string;
  readonly subjectName: string;
  readonly subjectDigest: string;
  readonly bundleDigest: string;
  readonly keyHint: string;
  readonly treeId: string;
  readonly logIndex: number;
  readonly integratedAt: Date;
};

export async function findAttestation(tx: FastTransaction, predicateType: string, subjectName: string): Promise<AttestationRow | null> {
  const { rows } = await tx.query<AttestationRow>(
    `select id, subject_name as "subjectName", subject_digest as "subjectDigest", bundle_digest as "bundleDigest", key_hint as "keyHint",
       tree_id::text as "treeId", log_index as "logIndex", integrated_at as "integratedAt"
     from attestations where predicate_type = $1 and subject_name = $2`,
    [predicateType, subjectName],
  );
  return rows[0] ?? null;
}

export type NewAttestation = Omit<AttestationRow, "id"> & { readonly tenantId: string; readonly predicateType: string };

/** Null when the subject has one already: the unique index decides between two signers. */
export async function insertAttestation(tx: FastTransaction, row: NewAttestation): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into attestations (tenant_id, subject_name, subject_digest, predicate_type, bundle_digest, key_hint, tree_id, log_index, integrated_at)
     values ($1, $2, $3, $4, $5, $6, $7::bigint, $8, $9) on conflict (tenant_id, predicate_type, subject_name) do nothing returning id`,
    [
      row.tenantId,
      row.subjectName,
      row.subjectDigest,
      row.predicateType,
      row.bundleDigest,
      row.keyHint,
      row.treeId,
      row.logIndex,
      row.integratedAt,
    ],
  );
  return rows[0]?.id ?? null;
}
