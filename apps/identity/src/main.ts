import { createHealth } from "@agent-factory/process/health";
import { createLogger } from "@agent-factory/process/logger";
import { createShutdown } from "@agent-factory/process/shutdown";
import { readEnv } from "./env.ts";
import { serveIdentity } from "./identity.ts";

const env = readEnv();
const logger = createLogger({ app: "identity", level: env.LOG_LEVEL });
const shutdown = createShutdown({ logger, graceMs: 5000 });
shutdown.install();

const identity = await serveIdentity({ env, health: createHealth(), logger });
shutdown.add("identity", identity.close);
logger.info({ port: identity.port, issuer: env.IDENTITY_ISSUER }, "ready");
