import { rmSync } from "node:fs";
import { temporaryDir, throwawayDir } from "@agent-factory/testkit/postgres";
import { freePortOffset, startProduct } from "../../scripts/product.ts";
import { createProgress } from "../../scripts/terminal.ts";

/**
 * Starts the product once for the whole run, by the same code as `npm start`, on a data directory and ports of its own.
 * With E2E_CONSOLE_URL set, a product that already runs is used and left running.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.E2E_CONSOLE_URL) return undefined;
  const portOffset = await freePortOffset();
  const keeps = process.env.E2E_KEEP_DATA !== undefined;
  const dataDir = keeps ? temporaryDir("kept-e2e") : throwawayDir("e2e");
  const product = await startProduct({
    dataDir,
    portOffset,
    mode: "start",
    progress: createProgress(),
    // a program that a test kills comes back; one that keeps dying shows in the tests
    onEnd: (sentence) => console.error(sentence),
  });
  if (product.hostProblem) console.error(`The local host does not serve: ${product.hostProblem}`);
  process.env.E2E_CONSOLE_URL = product.urls.console;
  process.env.E2E_IDENTITY_URL = product.urls.identity;
  process.env.E2E_DATA_DIR = dataDir;
  return async () => {
    await product.stop();
    if (!keeps) rmSync(dataDir, { recursive: true, force: true });
  };
}
