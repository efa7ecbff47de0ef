import { join } from "node:path";
import { checkArrows } from "./arrows.ts";
import { readSourceTree } from "./source-tree.ts";

const tree = readSourceTree(join(import.meta.dirname, "../../.."));
const violations = checkArrows(tree);
for (const { file, line, rule, message } of violations) console.error(`${file}:${line}  [${rule}] ${message}`);
console.log(`arrows: ${tree.size} files, ${violations.length} violations`);
if (violations.length > 0 || tree.size === 0) process.exitCode = 1;
