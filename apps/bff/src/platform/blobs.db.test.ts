import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openTestKernel } from "../seed/test-kernel.ts";
import { openBlobs } from "./blobs.ts";

async function openTestBlobs() {
  const kernel = await openTestKernel();
  const dir = await mkdtemp(path.join(tmpdir(), "blobs-"));
  const fileOf = (tenantId: string, digest: string) => path.join(dir, tenantId, "sha256", digest.slice(7, 9), digest.slice(7));
  return {
    kernel,
    blobs: openBlobs({ dir, fastDatabase: kernel.fastDatabase }),
    dir,
    fileOf,
    acme: kernel.acme.id,
    globex: kernel.globex.id,
    [Symbol.asyncDispose]: async () => {
      await kernel[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const TEXT = { mediaType: "text/plain", maxBytes: 1_000 };

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test("bytes are stored under their own digest, whole or streamed, and storing them again changes nothing", async () => {
  await using t = await openTestBlobs();
  const digest = `sha256:${createHash("sha256").update("hello world").digest("hex")}`;
  expect(await t.blobs.put(t.acme, Buffer.from("hello world"), TEXT)).toEqual({ digest, sizeBytes: 11 });
  expect(await t.blobs.put(t.acme, chunks("hello", " world"), TEXT)).toEqual({ digest, sizeBytes: 11 });
  expect((await t.blobs.get(t.acme, digest)).toString()).toBe("hello world");
  const opened = await t.blobs.open(t.acme, digest);
  expect(opened.sizeBytes).toBe(11);
  expect((await buffer(opened.stream)).toString()).toBe("hello world");
  expect(await readdir(path.join(t.dir, t.acme, "incoming"))).toEqual([]);
});

test("what another tenant holds is missing, even when its bytes lie on the same disk", async () => {
  await using t = await openTestBlobs();
  const { digest } = await t.blobs.put(t.acme, Buffer.from("acme only"), TEXT);
  expect(await t.blobs.has(t.globex, digest)).toBe(false);
  await expect(t.blobs.get(t.globex, digest)).rejects.toMatchObject({ kind: "missing", code: "blob.missing" });
  await expect(t.blobs.open(t.globex, digest)).rejects.toMatchObject({ kind: "missing", code: "blob.missing" });
});

test("changed, cut or lost bytes are refused, never served", async () => {
  await using t = await openTestBlobs();
  const { digest } = await t.blobs.put(t.acme, Buffer.from("the true bytes"), TEXT);
  const file = t.fileOf(t.acme, digest);
  const refused = async () => {
    await expect(t.blobs.get(t.acme, digest)).rejects.toMatchObject({ kind: "unavailable", code: "blob.corrupt" });
    await expect(t.blobs.open(t.acme, digest).then(({ stream }) => buffer(stream))).rejects.toMatchObject({ code: "blob.corrupt" });
  };
  await writeFile(file, "the tampered ones");
  await refused();
  await truncate(file, 3);
  await refused();
  await rm(file);
  await refused();
});

test("more bytes than allowed leave nothing behind", async () => {
  await using t = await openTestBlobs();
  const endless = (async function* () {
    for (;;) yield Buffer.alloc(100);
  })();
  await expect(t.blobs.put(t.acme, endless, TEXT)).rejects.toMatchObject({ kind: "limit", code: "blob.too-large" });
  expect(await readdir(path.join(t.dir, t.acme))).toEqual(["incoming"]);
  expect(await readdir(path.join(t.dir, t.acme, "incoming"))).toEqual([]);
});

test("a name that is no digest reaches neither the disk nor the database", async () => {
  await using t = await openTestBlobs();
  for (const name of ["../../etc/passwd", "sha256:../../x", "", `sha256:${"A".repeat(64)}`, "sha256:00"]) {
    await expect(t.blobs.get(t.acme, name)).rejects.toMatchObject({ code: "blob.missing" });
    expect(await t.blobs.has(t.acme, name)).toBe(false);
  }
});
