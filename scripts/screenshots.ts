/**
 * The README's pictures, taken while the end-to-end story is lived through: `npm run screenshots` writes them to docs/images. They show
 * what the product shows, because it is the product, on its demo data.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const child = spawn(process.execPath, [join(root, "scripts/end-to-end.ts"), "e2e/story.spec.ts"], {
  stdio: "inherit",
  env: { ...process.env, SCREENSHOTS_DIR: join(root, "docs/images") },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.once("close", (code) => {
  process.exitCode = code ?? 1;
});
