/** A process that sequences the audit trail until nothing waits, and may kill itself at a step. Started by tests. */
import { openFastDatabase } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import { systemActor } from "../actor.ts";
import { createAuditTrail } from "./audit-trail.ts";
import { openTestLog } from "./test-log.ts";
import type { LogStep } from "./transparency-log.ts";

export type SequencerOrder = {
  readonly tenantUrl: string;
  readonly systemUrl: string;
  readonly stateDir: string;
  readonly killStep?: LogStep;
  readonly killAt?: number;
};

const order = JSON.parse(process.argv[2] ?? "") as SequencerOrder;
let passed = 0;
const onStep = (step: LogStep) => {
  if (step !== order.killStep) return;
  passed += 1;
  if (passed === order.killAt) process.kill(process.pid, "SIGKILL");
};

const fastDatabase = openFastDatabase(order);
// The loop asks for no permission: nothing here is on anybody's behalf.
const access = {} as Access;
const trail = createAuditTrail({ access, fastDatabase, log: await openTestLog({ fastDatabase, stateDir: order.stateDir, onStep }) });
while ((await trail.sequenceAudit(systemActor("audit-sequencer"))) > 0);
await fastDatabase.close();
