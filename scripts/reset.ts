import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defaultDataDir, endLeftovers, root, runningStarter } from "./product.ts";
import { fail, Problem } from "./terminal.ts";

/** `npm run reset`: removes the local data after saying what; the installed packages and the console's build stay. */
async function reset(): Promise<void> {
  const places = [defaultDataDir(), join(root, ".data.old")].filter((place) => existsSync(place));
  if (places.length === 0) return console.log("There is no local data: nothing to remove.");
  for (const place of places) {
    const pid = runningStarter(place);
    if (pid !== null) throw new Problem(`The product runs (process ${pid}): stop it with Ctrl-C in its terminal first.`);
  }
  for (const place of places) {
    await endLeftovers(place);
    console.log(`Removing ${place}  (${readdirSync(place).join(", ")})`);
    rmSync(place, { recursive: true, force: true });
  }
  console.log("Done. The next npm start begins with empty data and the demo tenants.");
}

reset().catch(fail);
