import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceTree } from "./arrows.ts";

/** Every TypeScript and JavaScript file of the project that git knows or would add: nothing generated, nothing installed. */
export function readSourceTree(root: string): SourceTree {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.ts", "*.tsx", "*.mjs", "*.js"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const files = listed.split("\0").filter((file) => file !== "" && !file.endsWith(".d.ts") && existsSync(join(root, file)));
  return new Map(files.sort().map((file) => [file, readFileSync(join(root, file), "utf8")]));
}
