/**
 * Whether the whole audit trail, every tenant's and the platform's own, is what the signed log says was written.
 *
 *     DATABASE_URL_SYSTEM=postgresql://… node scripts/verify-trail.ts [FROM [TO]]
 *
 * FROM and TO are times such as 2026-11-24T00:00Z; without them everything is checked. Ends with 0 when all of it stands, 1 when an
 * entry does not or leaves of the log are claimed by nobody, 2 when nothing could be checked. The checkpoints that it names are worth
 * comparing with copies kept elsewhere: whoever holds the database and the log's key could have rewritten both.
 */
import { checkWholeTrail } from "../apps/bff/src/domain/signing/trail-check.ts";
import { openFastDatabase } from "../apps/bff/src/platform/fast-database.ts";

async function verify(systemUrl: string, interval: { from?: Date; to?: Date }): Promise<boolean> {
  // The tenants' pool is never used, so it never connects.
  const fastDatabase = openFastDatabase({ tenantUrl: systemUrl, systemUrl, systemConnectionsMax: 1 });
  try {
    const { checked, waiting, first, unclaimed, checkpoints } = await checkWholeTrail(fastDatabase, interval);
    for (const checkpoint of checkpoints) console.log(checkpoint);
    console.log(`${checked} entries are as they were written${waiting > 0 ? `, ${waiting} wait for their place in the log` : ""}`);
    if (first !== null) console.log(`entry ${first.entryId}: ${first.problem}`);
    if (unclaimed !== null && unclaimed > 0)
      console.log(`${unclaimed} leaves of the log are claimed by no entry: entries were removed with their places`);
    return first === null && unclaimed === 0;
  } finally {
    await fastDatabase.close();
  }
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new Error(`${text} is not a time such as 2026-11-24T00:00Z`);
  return time;
}

try {
  const systemUrl = process.env["DATABASE_URL_SYSTEM"];
  if (!systemUrl) throw new Error("DATABASE_URL_SYSTEM must name the database, with the role af_system");
  const [from, to] = process.argv.slice(2).map(timeOf);
  process.exitCode = (await verify(systemUrl, { ...(from && { from }), ...(to && { to }) })) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
