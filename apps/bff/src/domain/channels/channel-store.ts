/**
 * Channels in SQL. Who resolves holds the channel's row shared, who moves it holds it alone: a run is pinned before the move, and then
 * moved with it, or after it. Whoever needs more rows takes the channel first, then rollouts, then runs.
 */
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { ChannelState, Judgement } from "./channel.ts";

export type ChannelRow = ChannelState & {
  readonly tenantId: string;
  readonly templateId: string;
  readonly templateName: string;
  readonly name: string;
  readonly planName: string;
  readonly revision: number;
};

type Row = Omit<ChannelRow, "stable" | "canary"> & {
  readonly stableId: string | null;
  readonly stableRevoked: boolean;
  readonly canaryId: string | null;
  readonly canaryRevoked: boolean;
};

/** A revocation is of what a version says, its digest: another version with the same content is revoked with it. */
const revoked = (
  id: string,
) => `exists (select from template_versions v join template_versions x on x.tenant_id = v.tenant_id and x.digest = v.digest
  where v.id = ${id} and x.state = 'revoked')`;

const COLUMNS = `c.id, c.tenant_id as "tenantId", c.template_id as "templateId", c.name, c.plan_name as "planName", c.revision,
  c.canary_weight as "canaryWeight", c.rollout_id as "rolloutId", c.judgement, c.stable_version_id as "stableId", c.canary_version_id as "canaryId",
  ${revoked("c.stable_version_id")} as "stableRevoked", ${revoked("c.canary_version_id")} as "canaryRevoked"`;

function stateOf({ stableId, stableRevoked, canaryId, canaryRevoked, ...row }: Row): ChannelRow {
  return {
    ...row,
    stable: stableId === null ? null : { id: stableId, revoked: stableRevoked },
    canary: canaryId === null ? null : { id: canaryId, revoked: canaryRevoked },
  };
}

/** `held`: "share" while somebody resolves, "update" while somebody moves it, "no" for a look. */
export async function findChannel(
  tx: FastTransaction,
  { templateName, name }: { templateName: string; name: string },
  held: "no" | "share" | "update",
): Promise<ChannelRow | null> {
  const { rows } = await tx.query<Row>(
    {
      name: `channels_find_${held}`,
      text: `select ${COLUMNS}, t.name as "templateName" from channels c join templates t on t.tenant_id = c.tenant_id and t.id = c.template_id
              where t.name = $1 and c.name = $2 ${held === "no" ? "" : `for ${held} of c`}`,
    },
    [templateName, name],
  );
  return rows[0] ? stateOf(rows[0]) : null;
}

/** The same by id, for those who know no names: loops that see all tenants may not read templates. */
export async function findChannelById(
  tx: FastTransaction,
  channelId: string,
  held: "no" | "share" | "update",
): Promise<Omit<ChannelRow, "templateName"> | null> {
  const { rows } = await tx.query<Row>(
    {
      name: `channels_by_id_${held}`,
      text: `select ${COLUMNS} from channels c where c.id = $1 ${held === "no" ? "" : `for ${held} of c`}`,
    },
    [channelId],
  );
  return rows[0] ? stateOf(rows[0]) : null;
}

/**
 * Whether the version may run, held so until the transaction ends: a revocation waits for us, and finds what we pinned; or we wait for it,
 * and see it.
 */
export async function holdVersion(tx: FastTransaction, versionId: string): Promise<boolean> {
  const { rows } = await tx.query<{ state: string }>(
    {
      name: "channels_hold_version",
      text: `select state from template_versions
              where (tenant_id, digest) = (select tenant_id, digest from template_versions where id = $1) order by id for share`,
    },
    [versionId],
  );
  return rows.length > 0 && rows.every(({ state }) => state !== "revoked");
}

export type PublishedRow = {
  readonly templateId: string;
  readonly semver: string;
  readonly digest: string;
  readonly source: string;
  readonly subjectName: string | null;
  readonly bundleDigest: string | null;
};

export async function findPublished(tx: FastTransaction, versionId: string): Promise<PublishedRow | null> {
  const { rows } = await tx.query<PublishedRow>(
    {
      name: "channels_published",
      text: `select v.template_id as "templateId", v.semver, v.digest, v.source, a.subject_name as "subjectName", a.bundle_digest as "bundleDigest"
               from template_versions v left join attestations a on a.id = v.attestation_id where v.id = $1`,
    },
    [versionId],
  );
  return rows[0] ?? null;
}

/** Whether its signature counts no more: hosts refuse it. The whole second in which distrust begins is distrusted. */
export async function isDistrusted(tx: FastTransaction, versionId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    {
      name: "channels_distrusted",
      text: `select 1 from template_versions v join attestations a on a.id = v.attestation_id
               join signing_keys k on k.tenant_id = v.tenant_id and k.hint = a.key_hint
              where v.id = $1 and a.integrated_at >= date_trunc('second', k.distrusted_from)`,
    },
    [versionId],
  );
  return rowCount !== 0;
}

export async function findTemplate(tx: FastTransaction, templateName: string): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>("select id from templates where name = $1", [templateName]);
  return rows[0]?.id ?? null;
}

/** Null when the template has a channel of this name. */
export async function insertChannel(
  tx: FastTransaction,
  channel: {
    readonly tenantId: string;
    readonly templateId: string;
    readonly name: string;
    readonly planName: string;
    readonly createdBy: string;
    readonly now: Date;
  },
): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `with created as (
       insert into channels (tenant_id, template_id, name, plan_name, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)
       on conflict (tenant_id, template_id, name) do nothing returning *
     ), noted as (
       insert into channel_moves (tenant_id, channel_id, revision, at, canary_weight, reason) select tenant_id, id, revision, $6, 0, 'created' from created
     ) select id from created`,
    [channel.tenantId, channel.templateId, channel.name, channel.planName, channel.createdBy, channel.now],
  );
  return rows[0]?.id ?? null;
}

export type Shift = {
  readonly channelId: string;
  readonly stableVersionId: string | null;
  readonly canaryVersionId: string | null;
  readonly canaryWeight: number;
  readonly rolloutId: string | null;
  readonly judgement: Judgement | null;
  /** Of which rollout this is a move, also when the rollout ends with it. */
  readonly movedBy: string | null;
  readonly reason: string;
};

export async function moveChannel(tx: FastTransaction, shift: Shift, now: Date): Promise<number> {
  const { rows } = await tx.query<{ revision: number }>(
    `with moved as (
       update channels set stable_version_id = $2, canary_version_id = $3, canary_weight = $4, rollout_id = $5, judgement = $6::jsonb,
         revision = revision + 1, updated_at = $7 where id = $1 returning *
     ), noted as (
       insert into channel_moves (tenant_id, channel_id, revision, at, stable_version_id, canary_version_id, canary_weight, rollout_id, reason)
       select tenant_id, id, revision, $7, stable_version_id, canary_version_id, canary_weight, $8::uuid, $9 from moved
     ) select revision from moved`,
    [
      shift.channelId,
      shift.stableVersionId,
      shift.canaryVersionId,
      shift.canaryWeight,
      shift.rolloutId,
      shift.judgement === null ? null : JSON.stringify(shift.judgement),
      now,
      shift.movedBy,
      shift.reason,
    ],
  );
  if (!rows[0]) throw new Error(`there is no channel ${shift.channelId}`);
  return rows[0].revision;
}

/** The version that was stable last and is not revoked, nor `except`; null when none is left. */
export async function findEarlierStable(tx: FastTransaction, channelId: string, except: string | null): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `select m.stable_version_id as id from channel_moves m where m.channel_id = $1 and m.stable_version_id is not null
       and not ${revoked("m.stable_version_id")} and m.stable_version_id is distinct from $2::uuid order by m.revision desc limit 1`,
    [channelId, except],
  );
  return rows[0]?.id ?? null;
}

/** Channels of the version's tenant that resolve to what this version says. */
export async function listChannelsOf(tx: FastTransaction, versionId: string): Promise<{ id: string; tenantId: string }[]> {
  const { rows } = await tx.query<{ id: string; tenantId: string }>(
    `select c.id, c.tenant_id as "tenantId" from channels c
      where c.stable_version_id in (select x.id from template_versions v join template_versions x on x.tenant_id = v.tenant_id and x.digest = v.digest where v.id = $1)
         or c.canary_version_id in (select x.id from template_versions v join template_versions x on x.tenant_id = v.tenant_id and x.digest = v.digest where v.id = $1)
      order by c.id`,
    [versionId],
  );
  return rows;
}

export type ListedRow = {
  readonly id: string;
  readonly templateName: string;
  readonly name: string;
  readonly planName: string;
  readonly stable: { versionId: string; semver: string; state: string } | null;
  readonly canary: { versionId: string; semver: string; state: string } | null;
  readonly canaryWeight: number;
  readonly rollout: { number: number; state: string } | null;
  readonly runsLast24h: number;
  readonly updatedAt: Date;
};

const version = (id: string) =>
  `(select jsonb_build_object('versionId', v.id, 'semver', v.semver, 'state', v.state) from template_versions v where v.id = ${id})`;

export async function listChannels(tx: FastTransaction, templateName: string | null, now: Date): Promise<ListedRow[]> {
  const { rows } = await tx.query<ListedRow>(
    `select c.id, t.name as "templateName", c.name, c.plan_name as "planName", c.canary_weight as "canaryWeight", c.updated_at as "updatedAt",
       ${version("c.stable_version_id")} as stable, ${version("c.canary_version_id")} as canary,
       (select jsonb_build_object('number', r.number, 'state', r.state) from rollouts r where r.id = c.rollout_id) as rollout,
       (select count(*)::int from runs r where r.tenant_id = c.tenant_id and r.channel_id = c.id and r.submitted_at > $2::timestamptz - interval '1 day') as "runsLast24h"
     from channels c join templates t on t.tenant_id = c.tenant_id and t.id = c.template_id
     where $1::text is null or t.name = $1 order by t.name, c.name limit 500`,
    [templateName, now],
  );
  return rows;
}

export type MoveRow = {
  readonly revision: number;
  readonly at: Date;
  readonly stable: string | null;
  readonly canary: string | null;
  readonly canaryWeight: number;
  readonly reason: string;
  readonly rolloutNumber: number | null;
};

export async function listMoves(tx: FastTransaction, channelId: string): Promise<MoveRow[]> {
  const { rows } = await tx.query<MoveRow>(
    `select m.revision, m.at, m.canary_weight as "canaryWeight", m.reason,
       (select v.semver from template_versions v where v.id = m.stable_version_id) as stable,
       (select v.semver from template_versions v where v.id = m.canary_version_id) as canary,
       (select r.number from rollouts r where r.id = m.rollout_id) as "rolloutNumber"
     from channel_moves m where m.channel_id = $1 order by m.revision desc limit 500`,
    [channelId],
  );
  return rows;
}
