import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestKernel, type TestKernel } from "../seed/test-kernel.ts";

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel[Symbol.asyncDispose]());

test("a connection that the server ends between two statements fails its transaction, and nothing else", async () => {
  const { fastDatabase } = kernel;
  const lost = fastDatabase.asSystem(async (tx) => {
    const { rows } = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await fastDatabase.asSystem((other) => other.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid]));
    // The word of it arrives while no statement is under way.
    await new Promise((resolve) => setImmediate(resolve));
    await tx.query("select 1");
  });
  await expect(lost).rejects.toThrow();
  const { rows } = await fastDatabase.asSystem((tx) => tx.query<{ one: number }>("select 1 as one"));
  expect(rows).toEqual([{ one: 1 }]);
});
