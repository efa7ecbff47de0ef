import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { openTestKernel } from "../seed/test-kernel.ts";

test("a transaction asks its one connection one thing at a time, though the engine loads all relations of a query at once", async () => {
  await using kernel = await openTestKernel();
  const warnings: string[] = [];
  const hear = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);
  process.on("warning", hear);
  try {
    const found = await kernel.database.tenant.$transaction(async (tx) => {
      const tenantId = kernel.acme.id;
      await tx.$queryRaw`select set_config('app.tenant', ${tenantId}, true)`;
      const { id: templateId } = await tx.template.create({
        data: { tenantId, name: "echo", title: "Echo", owner: "one", createdBy: "x" },
      });
      await tx.templateVersion.create({ data: { tenantId, templateId, semver: "1.0.0", digest: "d", source: "s", publishedBy: "x" } });
      return tx.templateVersion.findFirstOrThrow({ include: { template: true, children: true, drafts: true, stableOf: true } });
    });
    expect(found).toMatchObject({ semver: "1.0.0", template: { name: "echo" }, children: [], drafts: [], stableOf: [] });
    // A refused statement does not keep the others from their turn.
    const refused = kernel.database.tenant.$transaction(async (tx) => {
      await expect(tx.$queryRaw`select nothing`).rejects.toThrow(/nothing/);
      return tx.$queryRaw`select 1`;
    });
    await expect(refused).rejects.toThrow(/aborted/);
    // Node says a warning in a later turn of the loop.
    await setImmediate();
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", hear);
  }
});
