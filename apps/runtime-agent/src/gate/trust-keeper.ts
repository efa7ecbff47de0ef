/**
 * Whom this host believes: one signed document a tenant, fetched through the gateway and checked against the trust root that was pinned
 * at the first use. See docs/decisions/0008.
 *
 *   (absent) -> current     fetched, signed by the pinned root, not older than any seen before, in its time
 *   current  -> stale       `doubt`: the gateway said that trust changed, or the link was lost and that word may have been missed;
 *                           or it expired. Nothing is believed until a new one is fetched
 *   current  -> current     older than {@link FRESH_MS}: used once more while a new one is fetched behind it
 *   stale    -> current     as (absent)
 *
 * Fail-closed: what cannot be fetched or is refused leaves nobody to believe. The root and the highest version of each tenant are kept in
 * one file, written before a document is believed, so that neither a restart nor another gateway takes this host back in time.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openTrust, type Trust, TrustRefused } from "@agent-factory/gate/trust";
import type { HealthState } from "@agent-factory/process/health";
import type { Logger } from "@agent-factory/process/logger";
import { z } from "zod";
import { patiently } from "../uplink/fetching.ts";
import type { GatewayRequests } from "../uplink/gateway-requests.ts";
import { VersionRefused } from "./refusal.ts";

export type BelievedTrust = { readonly version: number; readonly trust: Trust };

export type TrustKeeper = {
  /** Trust in a tenant, now. @throws VersionRefused when what the gateway gives may not be believed, or a network error. */
  current(tenantId: string): Promise<BelievedTrust>;
  /** Trust that was fetched after this one: a key or a log may be younger than what this host knows. @throws as `current`. */
  renewed(tenantId: string, than: BelievedTrust): Promise<BelievedTrust>;
  /** Believes nothing that it has until it has fetched anew. */
  doubt(): void;
  /** Pins the root, or compares it with the pinned one, and says so. For each new connection; never throws. */
  greet(): Promise<void>;
};

export type TrustKeeperOptions = {
  readonly stateDir: string;
  readonly requests: Pick<GatewayRequests, "getTrust" | "getTrustRoot">;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly onHealth: (state: HealthState, detail: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long a gateway that is away is waited for. */
  readonly patienceMs?: number;
};

const FILE = "trust.json";
/** A revocation whose word was lost is heard of within this time. */
export const FRESH_MS = 5 * 60_000;
const TENANTS_MAX = 1000;

const kept = z.object({ rootSpki: z.string(), versions: z.record(z.string(), z.int().nonnegative()) });
type Kept = z.infer<typeof kept>;

type Held = BelievedTrust & { readonly fetchedAt: number; readonly expiresAt: number };
type Entry = { held: Held | null; doubts: number; fetching: Promise<Held> | null };

export function createTrustKeeper({ stateDir, requests, logger, onHealth, now = Date.now, patienceMs }: TrustKeeperOptions): TrustKeeper {
  let state = findKept(stateDir);
  let doubts = 0;
  // The longest unused first; what leaves is fetched again.
  const entries = new Map<string, Entry>();

  const entryOf = (tenantId: string): Entry => {
    const entry = entries.get(tenantId) ?? { held: null, doubts, fetching: null };
    entries.delete(tenantId);
    entries.set(tenantId, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= TENANTS_MAX) break;
      entries.delete(oldest);
    }
    return entry;
  };

  const refuse = (check: VersionRefused["check"], sentence: string, cause?: unknown): never => {
    onHealth("failing", sentence);
    logger.error({ check }, sentence);
    throw new VersionRefused(check, sentence, { cause });
  };

  const keep = (next: Kept) => {
    save(stateDir, next);
    state = next;
  };

  /** The pinned root. The first one that is named is pinned; no other ever takes its place. */
  const root = async (): Promise<string> => {
    if (state) return state.rootSpki;
    const rootSpki = await patiently(() => requests.getTrustRoot(), undefined, patienceMs);
    // Two tenants' first documents may ask at once: the first answer stands.
    if (!state) {
      keep({ rootSpki, versions: {} });
      logger.info({ rootSpki }, "the trust root is pinned");
    }
    return (state ?? { rootSpki }).rootSpki;
  };

  /** Whether the registry names another root than the pinned one; it is asked only when something is wrong, or at a connection. */
  const requireSameRoot = async (pinned: string): Promise<void> => {
    if ((await patiently(() => requests.getTrustRoot(), undefined, patienceMs)) === pinned) return;
    refuse(
      "trust-root-changed",
      "The registry has another trust root than the one this host pinned when it first connected. " +
        "If the registry was set up anew, remove this host's STATE_DIR and enrol it again; if not, somebody may stand in its place.",
    );
  };

  const fetchDocument = async (tenantId: string): Promise<Held> => {
    const rootSpki = await root();
    const fetchedAt = now();
    const envelope = await patiently(() => requests.getTrust(tenantId), undefined, patienceMs);
    try {
      const versionMin = state?.versions[tenantId] ?? 0;
      const { version, expiresAt, trust } = await openTrust(envelope, rootSpki, { now: new Date(now()), versionMin });
      if (version > versionMin) keep({ rootSpki, versions: { ...state?.versions, [tenantId]: version } });
      onHealth("ok", `trust of ${new Date(fetchedAt).toISOString()}`);
      return { version, trust, fetchedAt, expiresAt: Date.parse(expiresAt) };
    } catch (error) {
      if (!(error instanceof TrustRefused)) throw error;
      if (error.reason === "signature") await requireSameRoot(rootSpki).catch(throwRefusal);
      return refuse(`trust-${error.reason}`, `This host believes nobody just now; it got a trust document, but ${error.message}.`, error);
    }
  };

  /** One at a time a tenant, so that versions are met in the order in which they were made. */
  const refresh = (tenantId: string, entry: Entry): Promise<Held> => {
    entry.fetching ??= (async () => {
      const asked = doubts;
      try {
        entry.held = await fetchDocument(tenantId);
        entry.doubts = asked;
        return entry.held;
      } catch (error) {
        if (error instanceof VersionRefused) entry.held = null;
        throw error;
      } finally {
        entry.fetching = null;
      }
    })();
    return entry.fetching;
  };

  const keeper: TrustKeeper = {
    current: async (tenantId) => {
      const entry = entryOf(tenantId);
      for (;;) {
        const { held } = entry;
        if (held && held.expiresAt > now() && entry.doubts === doubts) {
          if (now() - held.fetchedAt > FRESH_MS) {
            refresh(tenantId, entry).catch((error: unknown) => logger.warn({ err: error }, "trust could not be fetched anew"));
          }
          return held;
        }
        // A fetch that was under way when doubt came may have been answered before: then it is asked again.
        await refresh(tenantId, entry);
      }
    },
    renewed: async (tenantId, than) => {
      const entry = entryOf(tenantId);
      if (entry.held === than) await refresh(tenantId, entry);
      return keeper.current(tenantId);
    },
    doubt: () => {
      doubts += 1;
    },
    greet: async () => {
      try {
        await requireSameRoot(await root());
        onHealth("ok", "the trust root is the pinned one");
      } catch (error) {
        // A changed root has said so itself; a gateway that is away is asked again when trust is needed.
        if (!(error instanceof VersionRefused)) logger.warn({ err: error }, "the trust root could not be compared");
      }
    },
  };
  return keeper;
}

/** A comparison that could not be made changes nothing about what was seen already. */
function throwRefusal(error: unknown): void {
  if (error instanceof VersionRefused) throw error;
}

/** @throws when the file is there and unreadable: nothing is guessed, and no other root is pinned in its place. */
function findKept(stateDir: string): Kept | null {
  let text: string;
  try {
    text = readFileSync(join(stateDir, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return kept.parse(JSON.parse(text));
}

function save(stateDir: string, value: Kept): void {
  mkdirSync(stateDir, { recursive: true });
  const path = join(stateDir, FILE);
  const file = openSync(`${path}.new`, "w", 0o600);
  try {
    writeSync(file, JSON.stringify(value));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}
