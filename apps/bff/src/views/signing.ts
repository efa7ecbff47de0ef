/** Proof of a version, the log as its readers page through it, and what a distrusted key would take with it. Narrowed to the reader's tenant. */
import { publicKeyPem } from "@agent-factory/gate/keys";
import { PUBLICATION_TYPE, publicationSubject } from "@agent-factory/gate/statement";
import type { Trust } from "@agent-factory/gate/trust";
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Signing } from "../domain/signing/signing.ts";
import type { BlobStore } from "../platform/blobs.ts";
import type { FastTransaction } from "../platform/fast-database.ts";

/** An entry of the reader's own tenant, with the page that tells of it. */
export type OwnEntry = { label: string; href: string };

export type ProofView = {
  tenant: { id: string; slug: string };
  subject: { name: string; digest: string };
  /** The manifest as its author wrote it. */
  source: string;
  state: "published" | "deprecated" | "revoked";
  publishedAt: string;
  reviewNumber: number | null;
  predicateType: string;
  /** The Sigstore bundle; null while the version waits for its signature. */
  bundle: unknown;
  trust: Trust;
  /** The log's newest signed note. */
  checkpoint: string;
  treeSize: number;
};

export type LogEntryRow = { index: number; kind: "dsse" | "audit"; integratedAt: string; leafHash: string; own: OwnEntry | null };

export type LogPage = {
  shard: {
    treeId: string;
    origin: string;
    logId: string;
    publicKeyPem: string;
    size: number;
    rootHash: string;
    checkpoint: string;
    checkpointAt: string | null;
  };
  entries: LogEntryRow[];
  /** Every tree of the log, the one that grows first; a closed one is read and trusted further. */
  shards: { treeId: string; origin: string; size: number; closedAt: string | null }[];
};

export type LogEntryView = LogEntryRow & {
  /** JSON text. */
  body: string;
  proof: { index: number; size: number; root: string; hashes: string[] };
  checkpoint: string;
  shard: { treeId: string; origin: string; logId: string; publicKeyPem: string };
};

export type ConsistencyView = { first: number; second: number; firstRoot: string; secondRoot: string; hashes: string[] };

export type DistrustImpact = { versions: { name: string; semver: string }[]; plans: { name: string; revision: number }[] };

type InTree = { treeId?: string | undefined };

export type SigningView = {
  /** Failures: `templates.version-missing`. */
  proof(actor: Actor, input: { name: string; semver: string }): Promise<ProofView>;
  /** The newest entries below `before`, newest first; of the tree that grows unless another is named, as below. Failures: `signing.tree-missing`. */
  log(actor: Actor, input: InTree & { before?: number | undefined; take?: number | undefined }): Promise<LogPage>;
  /** Failures: `signing.tree-missing`, `signing.entry-missing`. */
  logEntry(actor: Actor, input: InTree & { index: number }): Promise<LogEntryView>;
  /** Failures: `signing.tree-missing`, `signing.entry-missing`. */
  consistency(actor: Actor, input: InTree & { first: number }): Promise<ConsistencyView>;
  /** Versions, and plans in force, that would be refused from then on. Failures: `signing.key-missing`. */
  distrustImpact(actor: Actor, input: { keyId: string; from: Date }): Promise<DistrustImpact>;
};

const PAGE_SIZE = 50;

type VersionRow = {
  slug: string;
  digest: string;
  source: string;
  state: ProofView["state"];
  publishedAt: Date;
  reviewNumber: number | null;
  predicateType: string | null;
  bundleDigest: string | null;
};

export function createSigningView({ access, signing, blobs }: { access: Access; signing: Signing; blobs: BlobStore }): SigningView {
  const { log } = signing;
  const read = async <T>(actor: Actor, work: (tx: FastTransaction) => Promise<T>): Promise<T> => {
    await log.open();
    return access.readFast({ actor, action: "signing.read", resource: { kind: "log", id: "*" } }, work);
  };

  return {
    proof: async (actor, { name, semver }) => {
      const tenantId = actor.tenantId ?? "";
      const { row, shard } = await read(actor, async (tx) => ({ row: await findVersion(tx, name, semver), shard: await log.head(tx) }));
      if (!row) throw new Failure("missing", "templates.version-missing", `${name} has no version ${semver}`, { name, semver });
      const [bundle, trust, revoked] = await Promise.all([
        row.bundleDigest === null ? null : blobs.get(tenantId, row.bundleDigest),
        signing.trust([tenantId]),
        read(actor, listRevoked),
      ]);
      return {
        tenant: { id: tenantId, slug: row.slug },
        subject: { name: publicationSubject({ tenantSlug: row.slug, templateName: name, semver }), digest: row.digest },
        source: row.source,
        state: row.state,
        publishedAt: row.publishedAt.toISOString(),
        reviewNumber: row.reviewNumber,
        predicateType: row.predicateType ?? PUBLICATION_TYPE,
        bundle: bundle === null ? null : (JSON.parse(bundle.toString("utf8")) as unknown),
        trust: { ...trust, revoked },
        checkpoint: shard.checkpoint,
        treeSize: shard.size,
      };
    },

    log: (actor, { treeId, before, take }) =>
      read(actor, async (tx) => {
        const shard = await log.head(tx, treeId);
        const entries = await log.entries(tx, shard, before ?? shard.size, take ?? PAGE_SIZE);
        const indices = entries.map(({ index }) => index);
        const own = await findOwn(tx, shard.treeId, indices);
        return {
          shard: {
            treeId: shard.treeId,
            origin: shard.origin,
            logId: shard.logId,
            publicKeyPem: publicKeyPem(shard.spki),
            size: shard.size,
            rootHash: hex(shard.root),
            checkpoint: shard.checkpoint,
            checkpointAt: shard.checkpointAt?.toISOString() ?? null,
          },
          entries: entries.map((entry) => ({
            index: entry.index,
            kind: entry.kind,
            integratedAt: entry.integratedAt.toISOString(),
            leafHash: hex(entry.leafHash),
            own: own.get(entry.index) ?? null,
          })),
          shards: (await log.heads(tx))
            .toReversed()
            .map(({ treeId: id, origin, size, notAfter }) => ({ treeId: id, origin, size, closedAt: notAfter?.toISOString() ?? null })),
        };
      }),

    logEntry: (actor, { treeId, index }) =>
      read(actor, async (tx) => {
        const shard = await log.head(tx, treeId);
        const { entry, proof } = await log.entry(tx, shard, index);
        const own = await findOwn(tx, shard.treeId, [index]);
        return {
          index,
          kind: entry.kind,
          body: entry.body.toString("utf8"),
          integratedAt: entry.integratedAt.toISOString(),
          leafHash: hex(entry.leafHash),
          proof: { index, size: proof.size, root: hex(proof.root), hashes: proof.hashes.map(hex) },
          checkpoint: shard.checkpoint,
          shard: { treeId: shard.treeId, origin: shard.origin, logId: shard.logId, publicKeyPem: publicKeyPem(shard.spki) },
          own: own.get(index) ?? null,
        };
      }),

    consistency: (actor, { treeId, first }) =>
      read(actor, async (tx) => {
        const shard = await log.head(tx, treeId);
        const { firstRoot, secondRoot, hashes } = await log.consistency(tx, shard, first);
        return { first, second: shard.size, firstRoot: hex(firstRoot), secondRoot: hex(secondRoot), hashes: hashes.map(hex) };
      }),

    distrustImpact: (actor, { keyId, from }) =>
      read(actor, async (tx) => {
        const { rows: keys } = await tx.query<{ hint: string }>("select hint from signing_keys where id = $1", [keyId]);
        const [key] = keys;
        if (!key) throw new Failure("missing", "signing.key-missing", "There is no such signing key", { keyId });
        const { rows: versions } = await tx.query<{ name: string; semver: string }>(
          // The log's seconds against the distrusted moment, rounded as the gate rounds it.
          `select t.name, v.semver from attestations a
             join template_versions v on v.tenant_id = a.tenant_id and v.attestation_id = a.id
             join templates t on t.tenant_id = v.tenant_id and t.id = v.template_id
            where a.key_hint = $1 and a.integrated_at >= date_trunc('second', $2::timestamptz) and v.state <> 'revoked'
            order by t.name, v.published_at desc`,
          [key.hint, from],
        );
        const { rows: plans } = await tx.query<{ name: string; revision: number }>(
          `select p.name, p.revision from attestations a join rollout_plans p on p.tenant_id = a.tenant_id and p.attestation_id = a.id
            where a.key_hint = $1 and a.integrated_at >= date_trunc('second', $2::timestamptz)
              and not exists (select from rollout_plans q where q.tenant_id = p.tenant_id and q.name = p.name and q.revision > p.revision)
            order by p.name`,
          [key.hint, from],
        );
        return { versions, plans };
      }),
  };
}

async function findVersion(tx: FastTransaction, name: string, semver: string): Promise<VersionRow | null> {
  const { rows } = await tx.query<VersionRow>(
    `select n.slug, v.digest, v.source, v.state, v.published_at as "publishedAt", r.number as "reviewNumber", a.predicate_type as "predicateType",
       a.bundle_digest as "bundleDigest"
     from template_versions v
     join templates t on t.tenant_id = v.tenant_id and t.id = v.template_id
     join tenants n on n.id = v.tenant_id
     left join reviews r on r.tenant_id = v.tenant_id and r.id = v.review_id
     left join attestations a on a.tenant_id = v.tenant_id and a.id = v.attestation_id
     where t.name = $1 and v.semver = $2`,
    [name, semver],
  );
  return rows[0] ?? null;
}

async function listRevoked(tx: FastTransaction): Promise<string[]> {
  const { rows } = await tx.query<{ digest: string }>(
    "select distinct digest from template_versions where state = 'revoked' order by digest",
  );
  return rows.map(({ digest }) => digest);
}

/** Row-level security leaves the reader's own attestations and audit entries; all others stay numbers. */
async function findOwn(tx: FastTransaction, treeId: string, indices: readonly number[]): Promise<Map<number, OwnEntry>> {
  const { rows } = await tx.query<{ index: number; subject: string | null; action: string | null }>(
    `select log_index as index, subject_name as subject, null as action from attestations where tree_id = $1::bigint and log_index = any ($2::bigint[])
     union all
     select l.log_index, null, e.action from audit_leaves l join audit_entries e on e.id = l.entry_id
      where l.tree_id = $1::bigint and l.log_index = any ($2::bigint[])`,
    [treeId, indices],
  );
  return new Map(
    rows.map(({ index, subject, action }) => [index, subject === null ? { label: action ?? "", href: "/audit" } : ownSubject(subject)]),
  );
}

/** `acme/templates/invoice-triage@1.4.0` leads to its version's page, `acme/plans/standard@3` to its plan's. */
function ownSubject(subject: string): OwnEntry {
  const [, plan] = /^[^/]+\/plans\/([^/@]+)@/.exec(subject) ?? [];
  if (plan !== undefined) return { label: subject, href: `/rollouts/plans/${plan}` };
  const [, name, semver] = /^[^/]+\/templates\/([^/@]+)@(.+)$/.exec(subject) ?? [];
  return { label: subject, href: name === undefined ? "/templates" : `/templates/${name}/versions/${semver}` };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
