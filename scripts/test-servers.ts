import { startTestServers } from "@agent-factory/testkit/test-servers";
import { runMigrations } from "../apps/bff/src/platform/migrations.ts";

/** Vitest's global setup: the servers run before the first worker and are gone after the last. */
export default function setup(): Promise<() => Promise<void>> {
  return startTestServers((ownerUrl) => runMigrations({ ownerUrl }));
}
