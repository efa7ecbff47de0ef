import { createHealth } from "@agent-factory/process/health";
import { createLogger } from "@agent-factory/process/logger";
import { expect, test } from "vitest";
import { furnish, openTestDomain } from "../../test-domain.ts";
import { createServer } from "../server.ts";
import { OPERATIONS } from "./rest.ts";

async function open() {
  const t = await openTestDomain();
  const world = await furnish(t);
  const health = createHealth();
  const server = await createServer({
    domain: t.domain,
    authenticate: () => Promise.reject(new Error("no people here")),
    health,
    refreshHealth: async () => health.set("database", "ok"),
    logger: createLogger({ app: "test", level: "silent" }),
  });
  const origin = await server.listen({ host: "127.0.0.1", port: 0 });
  const admin = t.kernel.acme.as("admin");
  const tokenOf = async (...roles: ("ci" | "runner" | "deployer" | "observer")[]) =>
    (await t.domain.tokens.create(admin, { name: roles.join("+"), roles, expiresInDays: 1 })).secret;
  const call = async (
    secret: string | null,
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(secret !== null && { authorization: `Bearer ${secret}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : null) as never as Record<string, unknown>,
    };
  };
  return {
    ...t,
    world,
    origin,
    tokenOf,
    call,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await t[Symbol.asyncDispose]();
    },
  };
}

const LOCKFILE = { lockfileVersion: 3, packages: {} };

test("a program finds a template, submits a run of it once, and follows it", async () => {
  await using t = await open();
  const runner = await t.tokenOf("runner");
  const list = await t.call(runner, "GET", "/v1/templates");
  expect(list).toMatchObject({
    status: 200,
    body: { items: [{ name: t.world.templateName, latest: { semver: "1.0.0" } }], nextCursor: null },
  });
  // The public shape, whatever more the console is told.
  expect(Object.keys((list.body.items as object[])[0] ?? {}).toSorted()).toEqual([
    "description",
    "labels",
    "latest",
    "name",
    "owner",
    "title",
  ]);

  const submit = () =>
    t.call(runner, "POST", "/v1/runs", { template: t.world.templateName, input: LOCKFILE }, { "idempotency-key": "run-1" });
  const first = await submit();
  expect(first).toMatchObject({ status: 202, body: { semver: "1.0.0" } });
  const again = await submit();
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  const runs = await t.call(runner, "GET", "/v1/runs");
  expect(runs.body.items).toHaveLength(1);

  const run = await t.call(runner, "GET", `/v1/runs/${first.body.runId}`);
  expect(run).toMatchObject({ status: 200, body: { state: "queued", semver: "1.0.0", waiting: { code: expect.any(String) } } });
  expect((await t.call(runner, "POST", `/v1/runs/${first.body.runId}/cancel`)).body).toEqual({ state: "cancelled" });
});

test("a run whose submission was lost on commit is answered to who asks again, and there is one of it", async () => {
  await using t = await open();
  const { runs } = t.domain;
  const { submit } = runs;
  const runner = await t.tokenOf("runner");
  const send = () => t.call(runner, "POST", "/v1/runs", { template: t.world.templateName, input: LOCKFILE }, { "idempotency-key": "lost" });
  const submitted: string[] = [];
  Object.assign(runs, {
    submit: async (...input: Parameters<typeof submit>) => {
      submitted.push((await submit(...input)).runId);
      throw new Error("Connection terminated unexpectedly");
    },
  });
  expect(await send()).toMatchObject({ status: 500 });
  Object.assign(runs, { submit });
  expect(await send()).toMatchObject({ status: 409, body: { code: "idempotency.under-way" } });
  await t.kernel.fastDatabase.inTenant(t.kernel.acme.id, (tx) =>
    tx.query("update idempotency_keys set created_at = created_at - interval '61 seconds'"),
  );
  expect(await send()).toMatchObject({ status: 202, body: { runId: submitted[0], semver: "1.0.0" } });
  expect((await t.call(runner, "GET", "/v1/runs")).body.items).toHaveLength(1);
});

test("every refusal is a problem with a stable code and a trace, and says where the fault lies", async () => {
  await using t = await open();
  const runner = await t.tokenOf("runner");
  const nobody = await t.call(null, "GET", "/v1/templates");
  expect(nobody).toMatchObject({
    status: 401,
    body: { code: "session.signed-out", status: 401, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
  });
  expect(nobody.headers.get("content-type")).toContain("application/problem+json");
  expect(await t.call("aft_no", "GET", "/v1/templates")).toMatchObject({ status: 401, body: { code: "session.token-invalid" } });
  expect(await t.call(runner, "GET", "/v1/templates/none")).toMatchObject({ status: 404, body: { code: "templates.missing" } });
  const misshapen = await t.call(runner, "POST", "/v1/runs", { template: "No Name", input: {}, more: 1 });
  expect(misshapen).toMatchObject({ status: 422, body: { code: "request.invalid" } });
  expect(JSON.stringify(misshapen.body.details)).toContain("/body/template");
  expect(await t.call(runner, "POST", "/v1/runs", { template: t.world.templateName, input: { lockfileVersion: "x" } })).toMatchObject({
    status: 422,
    body: { code: "runs.input-invalid", details: { issues: [{ pointer: "/lockfileVersion" }] } },
  });
  const reused = { "idempotency-key": "one" };
  await t.call(runner, "POST", "/v1/runs", { template: t.world.templateName, input: LOCKFILE }, reused);
  expect(
    await t.call(runner, "POST", "/v1/runs", { template: t.world.templateName, input: { ...LOCKFILE, name: "x" } }, reused),
  ).toMatchObject({
    status: 422,
    body: { code: "idempotency.key-reused" },
  });
});

test("what cannot be read, and what is not there, are problems too", async () => {
  await using t = await open();
  const runner = await t.tokenOf("runner");
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(`${t.origin}${path}`, { ...init, headers: { authorization: `Bearer ${runner}`, ...init.headers } });
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    return [response.status, ((await response.json()) as { code: string }).code];
  };
  const json = { "content-type": "application/json" };
  expect(await send("/v1/runs", { method: "POST", headers: json, body: "{" })).toEqual([422, "request.malformed"]);
  expect(await send("/v1/runs", { method: "POST", headers: { "content-type": "text/csv" }, body: "a,b" })).toEqual([
    422,
    "request.malformed",
  ]);
  expect(await send("/v1/nothing", {})).toEqual([404, "request.unknown-path"]);
});

test("every operation that reads answers in its public shape", async () => {
  await using t = await open();
  const everything = await t.tokenOf("ci", "runner", "deployer", "observer");
  const { templateName, runId } = t.world;
  const known: Record<string, string> = { name: templateName, semver: "1.0.0", channel: "production", runId, number: "1" };
  const queries: Record<string, string> = {
    "templates.resolve": "?range=latest",
    "channels.resolve": "?key=somebody",
    "usage.costs": "?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&by=version",
  };
  const answers: string[] = [];
  for (const { id, method, path } of OPERATIONS) {
    if (method !== "GET") continue;
    const { status, body } = await t.call(
      everything,
      "GET",
      path.replaceAll(/\{(\w+)\}/g, (_, name) => known[name] ?? name) + (queries[id] ?? ""),
    );
    answers.push(status === 200 ? "200" : `${id} ${status} ${body.code}`);
  }
  expect(answers.filter((answer) => answer !== "200")).toEqual(["runs.readOutput 404 runs.no-output"]);
  expect(answers).toHaveLength(OPERATIONS.filter(({ method }) => method === "GET").length);
});

test("what a role of tokens may not do is refused, on every path", async () => {
  await using t = await open();
  const observer = await t.tokenOf("observer");
  expect(await t.call(observer, "GET", "/v1/runs")).toMatchObject({ status: 200 });
  expect(await t.call(observer, "POST", "/v1/runs", { template: t.world.templateName, input: LOCKFILE })).toMatchObject({
    status: 403,
    body: { code: "access.denied" },
  });
  // A service token is for this API alone: the console's procedures do not know it.
  const response = await fetch(`${t.origin}/trpc/templates.list?input=%7B%7D`, { headers: { authorization: `Bearer ${observer}` } });
  expect(response.status).toBeGreaterThanOrEqual(400);
});

test("what is left of a caller's allowance is in every answer, and too many requests are told when to come back", async () => {
  await using t = await open();
  const observer = await t.tokenOf("observer");
  const first = await t.call(observer, "GET", "/v1/templates");
  expect(first.headers.get("ratelimit-policy")).toBe('"default";q=60;w=3600');
  expect(first.headers.get("ratelimit")).toMatch(/^"default";r=59;t=\d+$/);
  const rest = await Promise.all(Array.from({ length: 80 }, () => t.call(observer, "GET", "/v1/templates")));
  const refused = rest.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const { body, headers } of refused) {
    expect(body).toMatchObject({ code: "request.rate-limited" });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  }
});

test("the OpenAPI document names every operation, and the page shows it without a script", async () => {
  await using t = await open();
  const { body } = await t.call(null, "GET", "/v1/openapi.json");
  expect(body).toMatchObject({ openapi: "3.1.1", security: [{ token: [] }] });
  const paths = body.paths as Record<string, Record<string, { operationId: string }>>;
  const named = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  expect(named.toSorted()).toEqual(OPERATIONS.map(({ id }) => id).toSorted());
  const page = await (await fetch(`${t.origin}/v1/docs`)).text();
  for (const { path } of OPERATIONS) expect(page).toContain(path);
  expect(page).not.toContain("<script");
});
