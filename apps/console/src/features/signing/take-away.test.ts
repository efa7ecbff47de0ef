import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PUBLICATION_TYPE } from "@agent-factory/gate/statement";
import { afterAll, expect, test } from "vitest";
import { toolCommands, wholeCommand } from "./offline-commands.ts";
import { takeAway } from "./take-away.ts";
import { asked, provenVersion } from "./test-bundle.ts";

const project = join(import.meta.dirname, "../../../../..");
const directory = mkdtempSync(join(tmpdir(), "take-away-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const { answer } = provenVersion();
const { name, semver } = asked;
const files = takeAway(name, semver, {
  ...answer,
  tenant: { id: asked.tenantId, slug: asked.tenantSlug },
  subject: { name: `acme/templates/${name}@${semver}`, digest: answer.subject.digest },
  predicateType: PUBLICATION_TYPE,
});

function write(): void {
  for (const file of Object.values(files)) if (file) writeFileSync(join(directory, file.name), file.text);
}

/** Runs a command as it stands on the page, where the files are. */
function run(command: string) {
  const ended = spawnSync(
    "sh",
    ["-e", "-c", command.replace("npm run -s verify-bundle --", `'${process.execPath}' '${project}/scripts/verify-bundle.ts'`)],
    {
      cwd: directory,
      encoding: "utf8",
    },
  );
  return { status: ended.status, output: ended.stdout + ended.stderr };
}

test("what was taken along verifies offline by the command on the page; one changed byte does not", () => {
  write();
  const good = run(wholeCommand(name, semver));
  expect(good.output).toContain("may run");
  expect(good.status).toBe(0);
  writeFileSync(join(directory, files.manifest?.name ?? ""), (files.manifest?.text ?? "").replace("invoice", "invoive"));
  const bad = run(wholeCommand(name, semver));
  expect(bad.output).toContain("may not run: manifest");
  expect(bad.status).toBe(1);
}, 60_000);

const tools = ["jq", "openssl", "sha256sum"].every((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0);

test.runIf(tools)(
  "digest and signature verify with nothing of ours",
  () => {
    write();
    const good = run(toolCommands(name, semver));
    expect(good.output).toContain(`${answer.subject.digest.slice("sha256:".length)}  ${files.canonical?.name}`);
    expect(good.output).toContain("Signature Verified Successfully");
    expect(good.output).toContain(`acme/templates/${name}@${semver}`);
    const bundle = files.bundle?.text.replace(/"sig": "(.)/, (_, first) => `"sig": "${first === "A" ? "B" : "A"}`) ?? "";
    writeFileSync(join(directory, files.bundle?.name ?? ""), bundle);
    expect(run(toolCommands(name, semver)).output).toContain("Signature Verification Failure");
  },
  60_000,
);
