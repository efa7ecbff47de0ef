import { Agent, request } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { createHealth } from "@agent-factory/process/health";
import { createLogger } from "@agent-factory/process/logger";
import { expect, test } from "vitest";
import { packArchive } from "../domain/templates/archive.ts";
import { openTestKernel, type PersonalRole } from "../seed/test-kernel.ts";
import { openTestTemplates } from "../seed/test-templates.ts";
import type { Domain } from "./context.ts";
import { createServer } from "./server.ts";

const MIB = 1024 * 1024;

async function open() {
  const kernel = await openTestKernel();
  const logger = createLogger({ app: "test", level: "silent" });
  const factory = await openTestTemplates(kernel);
  const { templates } = factory;
  const server = await createServer({
    domain: { access: kernel.access, tenants: kernel.tenants, templates } as unknown as Domain,
    // The token is the subject: who signs tokens is tested elsewhere.
    authenticate: async (token) => ({ subject: token }),
    health: createHealth(),
    refreshHealth: async () => undefined,
    logger,
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.server.address() as AddressInfo;

  const agent = new Agent({ keepAlive: true });

  /** Sends `chunks` as fast as the server takes them, and says what it answered and how much was sent by then. */
  const put = (chunks: Iterable<Buffer>, role: PersonalRole | null = "editor") =>
    new Promise<{ status: number; body: unknown; sentBytes: number }>((resolve, reject) => {
      let sentBytes = 0;
      const headers = { "content-type": "application/octet-stream", ...(role && { authorization: `Bearer acme-${role}` }) };
      const call = request({ host: "127.0.0.1", port, path: "/archives", method: "PUT", headers, agent }, (response) => {
        const parts: Buffer[] = [];
        const sentByThen = sentBytes;
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          call.destroy();
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()), sentBytes: sentByThen });
        });
      });
      call.on("error", reject);
      const source = chunks[Symbol.iterator]();
      const send = (): void => {
        for (;;) {
          const { value, done } = source.next();
          if (done) return void call.end();
          sentBytes += value.length;
          if (!call.write(value)) return void call.once("drain", send);
        }
      };
      send();
    });
  return {
    put,
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      await server.close();
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

test("an archive sent in pieces is stored and listed", async () => {
  await using api = await open();
  const packed = packArchive([{ path: "index.mjs", bytes: Buffer.from("export default () => 1;\n") }]);
  const { status, body } = await api.put([packed.subarray(0, 100), packed.subarray(100)]);
  expect([status, body]).toEqual([
    200,
    { digest: expect.stringMatching(/^sha256:/), sizeBytes: packed.length, files: [{ path: "index.mjs", sizeBytes: 24 }] },
  ]);
});

test("200 MB are refused with 413 long before they are sent", async () => {
  await using api = await open();
  function* megabytes() {
    for (let at = 0; at < 200; at++) yield Buffer.alloc(MIB, 1);
  }
  const { status, body, sentBytes } = await api.put(megabytes());
  expect(status).toBe(413);
  expect(body).toMatchObject({
    error: {
      data: {
        httpStatus: 413,
        traceId: expect.any(String),
        failure: { kind: "limit", code: "archives.too-large", details: { bytesMax: 8 * MIB } },
      },
    },
  });
  expect(sentBytes).toBeLessThan(100 * MIB);
});

test("what is no archive, or unpacks to too much, is refused in the envelope of every refusal", async () => {
  await using api = await open();
  expect(await api.put([Buffer.from("hello")])).toMatchObject({
    status: 422,
    body: { error: { data: { failure: { code: "archives.not-an-archive" } } } },
  });
  expect(await api.put([gzipSync(Buffer.alloc(100 * MIB))])).toMatchObject({
    status: 413,
    body: { error: { data: { failure: { code: "archives.too-large" } } } },
  });
});

test("nobody and readers are refused", async () => {
  await using api = await open();
  const packed = packArchive([{ path: "index.mjs", bytes: Buffer.from("1") }]);
  expect(await api.put([packed], null)).toMatchObject({
    status: 401,
    body: { error: { data: { failure: { code: "session.signed-out" } } } },
  });
  expect(await api.put([packed], "reviewer")).toMatchObject({
    status: 403,
    body: { error: { data: { failure: { code: "access.denied" } } } },
  });
});
