// Runs every `npm run` command of this project. Needs only Node 20, npm and git: it brings the packages (`npm ci`, when the lock
// file asks for it), then hands over to scripts/<command>.ts under Node 24, which comes from the npm package `node`.
// No dependencies, no TypeScript: it must work before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = "", ...args] = process.argv.slice(2);
const commands = [
  "start",
  "dev",
  "test",
  "verify",
  "reset",
  "bench",
  "peers",
  "soak",
  "generate",
  "migration",
  "policies",
  "traffic",
  "screenshots",
  "verify-bundle",
];
process.chdir(root);

if (!commands.includes(command)) fail(`There is no command "${command}". The commands: ${commands.join(", ")}.`);
if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Node ${process.versions.node} is too old: install Node 20 or newer (https://nodejs.org), then run npm ${command} again.`);
}

if (command === "start" || command === "dev") console.log("\n  Agent Factory\n");
installPackages();
const node = findNode24();
run(node);

/** Every package that the lock file wants is there in that version, as npm itself recorded it. */
function packagesAreCurrent() {
  try {
    const wanted = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
    const present = JSON.parse(readFileSync("node_modules/.package-lock.json", "utf8")).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        !path.includes("node_modules/") ||
        entry.optional === true ||
        entry.devOptional === true ||
        (present[path] !== undefined && present[path].version === entry.version && present[path].integrity === entry.integrity),
    );
  } catch {
    return false;
  }
}

function installPackages() {
  if (packagesAreCurrent()) return;
  const started = Date.now();
  const tty = process.stdout.isTTY && !process.env.CI;
  if (tty) process.stdout.write("  … Packages from npm (a minute or two, the first time)");
  else console.log("  … Packages from npm");
  mkdirSync(".cache", { recursive: true });
  const ended = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (tty) process.stdout.write("\r\u001b[2K");
  if (ended.status !== 0) {
    const log = `${ended.stdout ?? ""}${ended.stderr ?? ""}`;
    writeFileSync(".cache/npm-ci.log", log);
    if (ended.error && ended.error.code === "ENOENT") fail("npm is not on the PATH: install it together with Node (https://nodejs.org).");
    if (/ENOSPC|no space left/i.test(log))
      fail("The disk is full: npm could not write the packages. Free about 3 GB and run the command again.");
    if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED/.test(log)) {
      fail(`npm cannot reach its registry. Check the network or the proxy settings of npm, then run the command again.\n\n${tail(log)}`);
    }
    fail(`npm ci failed; its whole output is in .cache/npm-ci.log.\n\n${tail(log)}`);
  }
  console.log(`  ✓ ${"Packages from npm".padEnd(52)} ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s`);
}

/** The Node of the lock file; installed directly when npm was told not to run install scripts. */
function findNode24() {
  const wanted = JSON.parse(readFileSync("package.json", "utf8")).devDependencies.node;
  const works = (file) => {
    const asked = spawnSync(file, ["--version"], { encoding: "utf8" });
    return asked.status === 0 && asked.stdout.trim() === `v${wanted}`;
  };
  const own = join(root, "node_modules", ".bin", "node");
  if (works(own)) return own;
  const name = `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${process.platform}-${process.arch}`;
  const aside = join(root, ".cache", "node");
  const direct = join(aside, "node_modules", name, "bin", "node");
  if (!works(direct)) {
    mkdirSync(aside, { recursive: true });
    spawnSync("npm", ["install", "--prefix", aside, "--no-save", "--no-audit", "--no-fund", "--loglevel=error", `${name}@${wanted}`], {
      stdio: "ignore",
    });
  }
  if (works(direct)) return direct;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return fail(
    `Node ${wanted} could not be installed from npm for ${process.platform}-${process.arch}. Install Node 24 and run the command again.`,
  );
}

/** Hands over. Ctrl-C reaches the whole foreground group, so this process only waits; what was sent to it alone is passed on. */
function run(node) {
  const path = [dirname(node), join(root, "node_modules", ".bin"), join(root, ".cache", "peers", "bin"), process.env.PATH ?? ""].join(
    delimiter,
  );
  const child = spawn(node, [join("scripts", `${command}.ts`), ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: path, NEXT_TELEMETRY_DISABLED: "1", TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`Node 24 did not start: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

function tail(text) {
  return text.trim().split("\n").slice(-12).join("\n");
}

function fail(message) {
  console.error(`\n${message}\n`);
  process.exit(1);
}
