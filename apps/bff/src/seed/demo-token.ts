/** What `npm run traffic` needs of the demo tenant: a token that submits runs, and nothing more. */
import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { type SystemActor, systemActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Tenants } from "../domain/tenants/tenants.ts";
import type { Tokens } from "../domain/tokens/tokens.ts";

const NAME = "demo-traffic";
const TENANT = "acme";
const EXPIRES_IN_DAYS = 90;

/**
 * Writes the secret to `<stateDir>/demo-token` (mode 0600) unless one is there that still works. Whoever revoked it in the console finds a
 * new one at the next start: it is a demo.
 */
export async function writeDemoToken({
  tenants,
  tokens,
  stateDir,
}: {
  tenants: Pick<Tenants, "list">;
  tokens: Pick<Tokens, "create" | "authenticate">;
  stateDir: string;
}): Promise<string> {
  const file = path.join(stateDir, "demo-token");
  const known = await readFile(file, "utf8").catch(() => "");
  if (await works(tokens, known.trim())) return file;
  const tenant = (await tenants.list()).find(({ slug }) => slug === TENANT);
  if (!tenant) throw new Error(`the demo has no tenant ${TENANT}`);
  const secret = await create(tokens, systemActor("seed", tenant.id));
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, `${secret}\n`, { mode: 0o600 });
  await rename(temporary, file);
  return file;
}

async function works(tokens: Pick<Tokens, "authenticate">, secret: string): Promise<boolean> {
  try {
    await tokens.authenticate(secret);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** A live one whose secret was lost keeps its name: the next gets another. */
async function create(tokens: Pick<Tokens, "create">, seed: SystemActor): Promise<string> {
  for (let n = 1; ; n++) {
    try {
      const name = n === 1 ? NAME : `${NAME}-${n}`;
      return (await tokens.create(seed, { name, roles: ["runner"], expiresInDays: EXPIRES_IN_DAYS })).secret;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "tokens.name-taken") throw error;
    }
  }
}
