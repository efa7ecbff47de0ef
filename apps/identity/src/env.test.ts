import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

function start(env: Record<string, string>) {
  const ended = spawnSync(process.execPath, ["-e", `import("./env.ts").then((m) => { m.readEnv(); console.log("good"); })`], {
    cwd: import.meta.dirname,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], OIDC_CLIENT_SECRET: "a-secret-of-the-test", STATE_DIR: "/nowhere", ...env },
  });
  return { status: ended.status, text: ended.stdout + ended.stderr };
}

test("a provider without passwords refuses to be a production one, unless told so in so many words", () => {
  const refused = start({ NODE_ENV: "production" });
  expect(refused.status).toBe(78);
  expect(refused.text).toContain("asks for no password");
  expect(start({ NODE_ENV: "production", IDENTITY_ALLOW_IN_PRODUCTION: "true" }).text).toContain("good");
  expect(start({}).text).toContain("good");
});
