import { describe, expect, it } from "vitest";
import { parseStack } from "./stack.ts";

describe("a stack from the sandbox", () => {
  it("keeps the template's own frames, with paths relative to its archive", () => {
    const stack = `TypeError: Cannot read properties of undefined (reading 'x')
    at parse (file:///tmp/code/src/parse%20it.mjs:12:7)
    at async Object.default (file:///tmp/code/index.mjs:3:10)
    at file:///tmp/code/index.mjs:9:1
    at new Report (/tmp/code/report.cjs:1:2)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at async run (file:///app/sandbox-main.mjs:100:3)`;
    expect(parseStack(stack, "/tmp/code")).toEqual([
      { function: "parse", file: "src/parse it.mjs", line: 12, column: 7 },
      { function: "Object.default", file: "index.mjs", line: 3, column: 10 },
      { function: null, file: "index.mjs", line: 9, column: 1 },
      { function: "new Report", file: "report.cjs", line: 1, column: 2 },
    ]);
  });

  it("finds the place of a syntax error, which has no frame", () => {
    const stack = `file:///tmp/code/src/bad.mjs:2
const = 1;
      ^

SyntaxError: Unexpected token '='
    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)`;
    expect(parseStack(stack, "/tmp/code")).toEqual([{ function: null, file: "src/bad.mjs", line: 2, column: 7 }]);
  });

  it("is bounded, and empty when there is nothing of the template's in it", () => {
    expect(parseStack("", "/tmp/code")).toEqual([]);
    expect(parseStack("    at a (file:///tmp/coder/x.mjs:1:1)", "/tmp/code")).toEqual([]);
    expect(parseStack("    at f (file:///tmp/code/x.mjs:1:1)\n".repeat(1000), "/tmp/code")).toHaveLength(50);
    expect(parseStack("    at f (file:///tmp/code/%zz:1:1)", "/tmp/code")).toHaveLength(1);
  });
});
