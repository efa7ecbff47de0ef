/** What `npm start` needs beside the data: a way in for the runtime agent that runs on the same machine. */
import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { systemActor } from "../domain/actor.ts";
import type { Fleet } from "../domain/fleet/fleet.ts";

const EXPIRES_IN_MINUTES = 60;

/**
 * Writes a fresh join token for a platform host that serves every tenant to `<stateDir>/local-join-token` (mode 0600). At every
 * start: an agent that is enrolled does not look at it, one that lost its state or its certificate can enrol again.
 */
export async function writeLocalJoinToken({
  fleet,
  stateDir,
}: {
  fleet: Pick<Fleet, "createJoinToken">;
  stateDir: string;
}): Promise<string> {
  const { token } = await fleet.createJoinToken(systemActor("local-agent"), {
    hostName: "local",
    labels: { location: "this-machine" },
    expiresInMinutes: EXPIRES_IN_MINUTES,
    servesAll: true,
  });
  const file = path.join(stateDir, "local-join-token");
  const temporary = `${file}.${randomUUID()}`;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await writeFile(temporary, `${token}\n`, { mode: 0o600 });
  await rename(temporary, file);
  return file;
}
