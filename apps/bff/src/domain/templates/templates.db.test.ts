import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseManifest } from "@agent-factory/manifest";
import { describe, expect, test } from "vitest";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { openTestTemplates, publishReviewed } from "../../seed/test-templates.ts";
import { createTemplatesView } from "../../views/templates.ts";
import { Failure } from "../failure.ts";
import { packArchive, packDirectory } from "./archive.ts";

const archive = packArchive([{ path: "index.mjs", bytes: Buffer.from("export default (input) => input;\n") }]);

async function open() {
  const kernel = await openTestKernel();
  const factory = await openTestTemplates(kernel);
  const { templates } = factory;
  const view = createTemplatesView({ access: kernel.access, templates });
  const editor = kernel.acme.as("editor");
  const { digest } = await templates.archives.upload(editor, archive);
  return {
    ...kernel,
    ...factory,
    view,
    editor,
    publish: (draftId: string) => publishReviewed(factory, kernel.acme, draftId),
    source: (changes: Record<string, string> = {}) =>
      Object.entries(changes).reduce((text, [from, to]) => text.replace(from, to), manifest(digest)),
    [Symbol.asyncDispose]: async () => {
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

const manifest = (digest: string) => `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: echo, title: Echo, description: Says it again., owner: team-one }
spec:
  driver: node
  code: { archive: "${digest}", entry: default }
  input: { type: object, properties: { text: { type: string } }, additionalProperties: false }
  output: { type: object }
  limits: { timeout: 30s }
`;

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe("a draft", () => {
  test("is created with its template, saved, and kept revision by revision with who saved it", async () => {
    await using factory = await open();
    const { templates, editor, source, database, acme } = factory;
    const { draftId, name } = await templates.create(editor, { source: source() });
    expect(name).toBe("echo");
    const saved = await templates.drafts.save(acme.as("admin"), { draftId, expectedRevision: 1, source: source({ "30s": "40s" }) });
    expect(saved).toMatchObject({ revision: 2, diagnostics: [], policy: [] });
    const shown = await templates.drafts.get(editor, { draftId });
    expect(shown).toMatchObject({
      revision: 2,
      updatedByName: "Acme admin",
      templateName: "echo",
      state: "open",
      base: null,
      digest: saved.digest,
      source: source({ "30s": "40s" }),
    });
    const history = await database.tenant.$transaction(async (tx) => {
      await tx.$executeRaw`select set_config('app.tenant', ${acme.id}, true)`;
      return tx.draftRevision.findMany({ where: { draftId }, orderBy: { revision: "asc" } });
    });
    expect(history.map(({ revision, savedBy }) => [revision, savedBy])).toEqual([
      [1, editor.id],
      [2, acme.as("admin").id],
    ]);
    expect(history[1]?.digest).toBe(saved.digest);
  });

  test("is not overwritten by a second tab: the loser is told what is there now", async () => {
    await using factory = await open();
    const { templates, editor, source, acme } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const first = source({ Echo: "Echo of tab one" });
    await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: first });
    const stale = await refusal(
      templates.drafts.save(acme.as("admin"), { draftId, expectedRevision: 1, source: source({ Echo: "Echo of tab two" }) }),
    );
    expect(stale).toMatchObject({
      kind: "conflict",
      code: "drafts.stale",
      details: { revision: 2, source: first, updatedByName: editor.name, updatedAt: expect.any(String) },
    });
    expect(await templates.drafts.get(editor, { draftId })).toMatchObject({ revision: 2, source: first });
  });

  test("that many save at once has exactly one winner, and no revision is lost or written twice", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    for (let revision = 1; revision <= 3; revision++) {
      const saves = Array.from({ length: 6 }, (_, at) =>
        templates.drafts.save(editor, { draftId, expectedRevision: revision, source: source({ Echo: `Echo ${revision}.${at}` }) }),
      );
      const results = await Promise.allSettled(saves);
      const won = results.flatMap((result, at) => (result.status === "fulfilled" ? [at] : []));
      expect(won).toHaveLength(1);
      for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "drafts.stale" });
      expect(await templates.drafts.get(editor, { draftId })).toMatchObject({
        revision: revision + 1,
        source: source({ Echo: `Echo ${revision}.${won[0]}` }),
      });
    }
  });

  test("does not change when the same text is saved again, also on an old revision", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const changed = source({ "30s": "40s" });
    await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: changed });
    expect(await templates.drafts.save(editor, { draftId, expectedRevision: 2, source: changed })).toMatchObject({ revision: 2 });
    expect(await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: changed })).toMatchObject({ revision: 2 });
  });

  test("keeps what was typed when it is no YAML at all, without a digest", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const saved = await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: "a: [1,\n\t 💥" });
    expect(saved).toMatchObject({ revision: 2, digest: null, policy: [] });
    expect(saved.diagnostics.length).toBeGreaterThan(0);
    expect((await templates.drafts.get(editor, { draftId })).source).toBe("a: [1,\n\t 💥");
    expect(await refusal(templates.drafts.save(editor, { draftId, expectedRevision: 2, source: "a: \u0000" }))).toMatchObject({
      code: "drafts.not-text",
    });
  });

  test("may not take another template's name", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const saved = await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: source({ "name: echo": "name: other" }) });
    expect(saved.digest).toBeNull();
    expect(saved.diagnostics).toMatchObject([{ code: "drafts.name-changed", pointer: "/metadata/name", line: 3, column: 19 }]);
    expect(await refusal(templates.tryable(editor, { draftId, expectedRevision: 2 }))).toMatchObject({
      code: "drafts.invalid",
      details: { diagnostics: [{ code: "drafts.name-changed" }] },
    });
  });

  test("can be put away and taken back; while away it cannot be saved or tried", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    await templates.drafts.discard(editor, { draftId });
    expect((await templates.drafts.list(editor, {})).items).toEqual([]);
    expect(await refusal(templates.drafts.save(editor, { draftId, expectedRevision: 1, source: source({ "30s": "40s" }) }))).toMatchObject({
      code: "drafts.closed",
    });
    expect(await refusal(templates.tryable(editor, { draftId, expectedRevision: 1 }))).toMatchObject({ code: "drafts.closed" });
    await templates.drafts.restore(editor, { draftId });
    await templates.drafts.restore(editor, { draftId });
    expect(await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: source({ "30s": "40s" }) })).toMatchObject({
      revision: 2,
    });
  });

  test("tells its watchers of each save, and stops when they leave", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const leave = new AbortController();
    const news = templates.drafts.watch(editor, { draftId }, leave.signal);
    expect((await news.next()).value).toMatchObject({ revision: 1 });
    const next = news.next();
    await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: source({ "30s": "40s" }) });
    expect((await next).value).toMatchObject({ revision: 2, updatedByName: editor.name });
    const last = news.next();
    leave.abort();
    expect(await last).toMatchObject({ done: true });
  });

  test("tells its watchers when it was put on another base, though its text and revision stay", async () => {
    await using factory = await open();
    const { templates, editor, source, acme } = factory;
    const { draftId: first } = await templates.create(editor, { source: source() });
    const { draftId } = await templates.drafts.create(editor, { templateName: "echo" });
    await publishReviewed(factory, acme, first, { signed: false });
    const leave = new AbortController();
    const news = templates.drafts.watch(editor, { draftId }, leave.signal);
    expect((await news.next()).value).toMatchObject({ revision: 1, baseSemver: null });
    const next = news.next();
    const admin = acme.as("admin");
    await templates.drafts.rebase(admin, { draftId, expectedRevision: 1 });
    expect((await next).value).toMatchObject({ revision: 1, baseSemver: "1.0.0", updatedByName: admin.name });
    leave.abort();
    expect(await news.next()).toMatchObject({ done: true });
  });

  test("of another tenant does not exist", async () => {
    await using factory = await open();
    const { templates, editor, source, globex, view } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const stranger = globex.as("editor");
    expect(await refusal(templates.drafts.get(stranger, { draftId }))).toMatchObject({ code: "drafts.missing" });
    expect(await refusal(templates.drafts.save(stranger, { draftId, expectedRevision: 1, source: "x: 1" }))).toMatchObject({
      code: "drafts.missing",
    });
    expect(await refusal(templates.drafts.discard(stranger, { draftId }))).toMatchObject({ code: "drafts.missing" });
    expect(await refusal(templates.tryable(stranger, { draftId, expectedRevision: 1 }))).toMatchObject({ code: "drafts.missing" });
    expect(await refusal(templates.get(stranger, { name: "echo" }))).toMatchObject({ code: "templates.missing" });
    expect((await view.list(stranger, {})).total).toBe(0);
    // The same name is free in another tenant, and so is the same archive unknown there.
    const own = await templates.create(stranger, { source: source() });
    expect(await refusal(templates.tryable(stranger, { draftId: own.draftId, expectedRevision: 1 }))).toMatchObject({
      code: "archives.missing",
    });
  });

  test("is for editors: a reviewer reads and may not save", async () => {
    await using factory = await open();
    const { templates, editor, source, acme } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    await expect(templates.drafts.get(acme.as("reviewer"), { draftId })).resolves.toMatchObject({ revision: 1 });
    expect(await refusal(templates.drafts.save(acme.as("reviewer"), { draftId, expectedRevision: 1, source: "x: 1" }))).toMatchObject({
      kind: "forbidden",
      code: "access.denied",
    });
  });
});

describe("a template", () => {
  test("has one name in a tenant, also when two create it at once", async () => {
    await using factory = await open();
    const { templates, editor, source, view } = factory;
    const results = await Promise.allSettled([1, 2, 3].map(() => templates.create(editor, { source: source() })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ kind: "conflict", code: "templates.name-taken" });
    expect((await view.list(editor, {})).total).toBe(1);
  });

  test("is not created from a manifest with errors; they are told", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const failure = await refusal(templates.create(editor, { source: source({ "timeout: 30s": "timeout: 30" }) }));
    expect(failure).toMatchObject({ code: "templates.invalid", details: { diagnostics: [{ pointer: "/spec/limits/timeout" }] } });
  });

  test("starts from a starter that is valid", async () => {
    await using factory = await open();
    expect(parseManifest(factory.templates.starter().source).diagnostics).toEqual([]);
    await expect(factory.templates.create(factory.editor, factory.templates.starter())).resolves.toMatchObject({ name: "my-template" });
  });

  test("is found by words of its name, title, description and owner, and listed with its latest version and my draft", async () => {
    await using factory = await open();
    const { templates, editor, publish, source, view, acme } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    await publish(draftId);
    const versions: string[] = [];
    // The tenth comes after the ninth, whatever the letters say.
    for (let seconds = 31; versions.at(-1) !== "1.10.0"; seconds += 1) {
      const next = await templates.drafts.create(editor, { templateName: "echo" });
      await templates.drafts.save(editor, { draftId: next.draftId, expectedRevision: 1, source: source({ "30s": `${seconds}s` }) });
      versions.push((await publish(next.draftId)).semver);
    }
    const mine = await templates.drafts.create(editor, { templateName: "echo", baseSemver: "1.9.0" });
    const { items, total, owners } = await view.list(editor, { query: "again TEAM" });
    expect({ total, owners }).toEqual({ total: 1, owners: ["team-one"] });
    expect(items).toMatchObject([{ name: "echo", latest: { semver: "1.10.0" }, openDrafts: 1, myDraftId: mine.draftId, lastRunAt: null }]);
    expect((await view.list(acme.as("reviewer"), {})).items[0]?.myDraftId).toBeNull();
    expect((await view.list(editor, { query: "again nowhere" })).total).toBe(0);
    expect((await view.list(editor, { query: "%" })).total).toBe(0);
    expect((await view.list(editor, { owner: "team-two" })).total).toBe(0);
  });
});

describe("a try", () => {
  test("gets the draft pinned by digest, with the manifest's canonical bytes in the blob store", async () => {
    await using factory = await open();
    const { templates, editor, source, blobs, acme } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    const tryable = await templates.tryable(acme.as("operator"), { draftId, expectedRevision: 1 });
    expect(tryable).toMatchObject({
      templateName: "echo",
      draftId,
      revision: 1,
      code: { entry: "default" },
      limits: { timeoutMs: 30_000, memoryBytes: 268_435_456, cpuMillis: 500, maxAttempts: 3 },
    });
    const bytes = await blobs.get(acme.id, tryable.manifestDigest);
    expect(parseManifest(bytes.toString("utf8")).digest).toBe(tryable.manifestDigest);
    expect(await blobs.has(acme.id, tryable.code.digest)).toBe(true);
  });

  test("is refused for a stale revision, a policy error and a driver without a host, each with what to show", async () => {
    await using factory = await open();
    const { templates, editor, source } = factory;
    const { draftId } = await templates.create(editor, { source: source() });
    expect(await refusal(templates.tryable(editor, { draftId, expectedRevision: 2 }))).toMatchObject({ code: "drafts.stale" });
    const wild = source({ "limits:": 'sandbox: { network: { egress: ["*.example"] } }\n  limits:' });
    const saved = await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: wild });
    expect(saved).toMatchObject({
      diagnostics: [],
      policy: [
        { rule: "egress.no-wildcard", severity: "error", pointer: "/spec/sandbox/network/egress/0", message: { fr: expect.any(String) } },
      ],
    });
    expect(await refusal(templates.tryable(editor, { draftId, expectedRevision: 2 }))).toMatchObject({
      kind: "forbidden",
      code: "drafts.policy-refused",
      details: { findings: saved.policy },
    });
    await templates.drafts.save(editor, { draftId, expectedRevision: 2, source: source({ "driver: node": "driver: modal" }) });
    expect(await refusal(templates.tryable(editor, { draftId, expectedRevision: 3 }))).toMatchObject({
      code: "drafts.invalid",
      details: { diagnostics: [{ code: "manifest.driver-not-runnable", severity: "error" }] },
    });
  });
});

describe("an archive", () => {
  test("is stored once, listed and read; a binary file has no text", async () => {
    await using factory = await open();
    const { templates, editor, acme } = factory;
    const packed = packArchive([
      { path: "index.mjs", bytes: Buffer.from("// é\n") },
      { path: "data.bin.js", bytes: Buffer.from([0xff, 0x00]) },
    ]);
    const first = await templates.archives.upload(editor, packed);
    expect(await templates.archives.upload(editor, packed)).toEqual(first);
    expect(await templates.archives.get(acme.as("reviewer"), { digest: first.digest })).toEqual(first);
    expect(await templates.archives.readFile(editor, { digest: first.digest, path: "index.mjs" })).toEqual({
      path: "index.mjs",
      text: "// é\n",
    });
    expect(await templates.archives.readFile(editor, { digest: first.digest, path: "data.bin.js" })).toEqual({
      path: "data.bin.js",
      text: null,
    });
    expect(await refusal(templates.archives.readFile(editor, { digest: first.digest, path: "../x" }))).toMatchObject({
      code: "archives.file-missing",
    });
    expect(await refusal(templates.archives.get(editor, { digest: `sha256:${"1".repeat(64)}` }))).toMatchObject({
      code: "archives.missing",
    });
  });

  test("is not uploaded by a reader, and nothing of it is read", async () => {
    await using factory = await open();
    let read = 0;
    async function* body() {
      read += 1;
      yield archive;
    }
    expect(await refusal(factory.templates.archives.upload(factory.acme.as("reviewer"), body()))).toMatchObject({ code: "access.denied" });
    expect(read).toBe(0);
  });
});

test.each(["dependency-audit", "log-digest"])(
  "the example %s can be created, tried and published as it lies in the repository",
  async (name) => {
    await using factory = await open();
    const { templates, editor, publish } = factory;
    const directory = path.resolve(import.meta.dirname, "../../../../../examples", name);
    const { digest } = await templates.archives.upload(editor, await packDirectory(directory));
    const source = await readFile(path.join(directory, "manifest.yaml"), "utf8");
    const { draftId } = await templates.create(editor, { source });
    expect(await templates.drafts.get(editor, { draftId })).toMatchObject({ diagnostics: [], policy: [] });
    expect(await templates.tryable(editor, { draftId, expectedRevision: 1 })).toMatchObject({ code: { digest, entry: "default" } });
    expect(await publish(draftId)).toMatchObject({ semver: "1.0.0" });
  },
);
