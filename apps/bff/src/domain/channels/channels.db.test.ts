import { expect, test } from "vitest";
import { furnish, openTestDomain } from "../../test-domain.ts";

test("what a distrusted key signed is neither taken on a channel nor rolled out: every host would refuse it", async () => {
  await using t = await openTestDomain();
  const { templateName } = await furnish(t);
  const { runs, rollouts, signing, channels } = t.domain;
  const [admin, operator] = [t.kernel.acme.as("admin"), t.kernel.acme.as("operator")];
  const submission = { templateName, channel: "production", input: JSON.stringify({ lockfileVersion: 3, packages: {} }) };
  expect(await runs.submit(operator, submission)).toMatchObject({ semver: "1.0.0" });
  await channels.create(operator, { templateName, name: "beta", planName: "standard" });

  const { items } = await signing.keys(admin);
  for (const { id } of items) await signing.distrust(admin, { keyId: id, from: new Date(0), reason: "They were copied." });
  await expect(runs.submit(operator, submission)).rejects.toMatchObject({ code: "templates.not-runnable" });
  expect((await rollouts.preview(operator, { templateName, channel: "beta", semver: "1.0.0" })).problems).toContainEqual(
    expect.objectContaining({ code: "rollouts.version-unusable" }),
  );
});
