/**
 * The peer of the API's benchmark, a process of its own: Fastify without a plugin, `pg` without a transaction, no caller known and none
 * refused. It reads as the owner of everything what the API reads as a tenant.
 */
import Fastify from "fastify";
import pg from "pg";

const RESOLVE = `select c.id, c.name, c.canary_weight, c.rollout_id, c.judgement, c.stable_version_id, c.canary_version_id
  from channels c join templates t on t.tenant_id = c.tenant_id and t.id = c.template_id where t.tenant_id = $1 and t.name = $2 and c.name = $3`;
const LIST = `select t.name, t.title, t.description, t.owner, t.labels, v.semver, v.published_at
  from templates t left join lateral (select semver, published_at from template_versions where template_id = t.id order by published_at desc limit 1) v on true
 where t.tenant_id = $1 order by t.name limit 50`;
const COSTS = `select template_id, bucket, sum(allocated_nanos)::float8 as amount, sum(runs)::bigint as runs from usage_rollups
 where tenant_id = $1 and grain_seconds = 86400 and bucket >= $2 and bucket < $3 group by 1, 2 order by 2`;

type Named = { Params: { name: string; channel: string } };
type Period = { Querystring: { from: string; to: string } };

async function serve([databaseUrl = "", tenantId = "", port = "0"]: readonly string[]): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const server = Fastify({ logger: false });
  const query = async (name: string, text: string, values: readonly unknown[]) =>
    (await pool.query({ name, text, values: [tenantId, ...values] })).rows;
  server.get<Named>("/resolve/:name/:channel", async ({ params }) => (await query("resolve", RESOLVE, [params.name, params.channel]))[0]);
  server.get("/templates", async () => ({ items: await query("list", LIST, []) }));
  server.get<Period>("/costs", async ({ query: { from, to } }) => ({ rows: await query("costs", COSTS, [from, to]) }));
  await server.listen({ host: "127.0.0.1", port: Number(port) });
}

if (import.meta.main) await serve(process.argv.slice(2));
