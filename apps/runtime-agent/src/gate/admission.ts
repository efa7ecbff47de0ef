/**
 * Whether a version may run here: the host's own verification, before anything of it runs. The bundle must hold before the same gate as
 * in the registry, with trust that this host fetched itself; the manifest must be the bytes that were signed; and the lease must ask for
 * nothing but what that manifest says. Fail-closed: whatever could not be checked did not hold.
 */
import { type Publication, type Verdict, verifyBundle } from "@agent-factory/gate";
import { PUBLICATION_TYPE, publicationOf } from "@agent-factory/gate/statement";
import { type EffectiveLimits, limitsOf } from "@agent-factory/manifest/limits";
import type { Manifest } from "@agent-factory/manifest/schema";
import type { Digest, Lease } from "@agent-factory/protocol";
import { DamagedBytes, fetchSound, unlessAborted } from "../uplink/fetching.ts";
import type { GatewayRequests } from "../uplink/gateway-requests.ts";
import { VersionRefused } from "./refusal.ts";
import type { BelievedTrust, TrustKeeper } from "./trust-keeper.ts";

export type Admission = {
  /** @throws VersionRefused with the check that did not hold, or a network error; then nothing is known. */
  admit(lease: Lease, signal?: AbortSignal): Promise<void>;
};

type Demanded = NonNullable<Lease["signed"]>;

/** What was signed, as far as a lease can depart from it. */
type Signed = {
  readonly publication: Publication;
  readonly manifestName: string;
  readonly driver: string;
  readonly code: { readonly digest: string; readonly entry: string } | null;
  readonly limits: EffectiveLimits;
};

/** A manifest of 1 MiB of YAML may be twice as long as canonical JSON, which escapes quotes and line breaks. */
const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;
const BUNDLE_BYTES_MAX = 8 * 1024 * 1024;
const VERIFIED_MAX = 1000;

export function createAdmission({
  requests,
  trust,
  now = Date.now,
}: {
  requests: Pick<GatewayRequests, "getBlob">;
  trust: Pick<TrustKeeper, "current" | "renewed">;
  /** Milliseconds since the epoch. */
  now?: () => number;
}): Admission {
  // By everything that the verdict depends on: bytes by their digests, demands, and the version of trust. The longest unused goes first.
  const verified = new Map<string, Signed>();

  const remember = (key: string, signed: Signed): Signed => {
    verified.delete(key);
    verified.set(key, signed);
    for (const oldest of verified.keys()) {
      if (verified.size <= VERIFIED_MAX) break;
      verified.delete(oldest);
    }
    return signed;
  };

  const fetchBoth = (lease: Lease, { bundleDigest }: Demanded, signal: AbortSignal | undefined) => {
    const fetch = (digest: Digest, bytesMax: number, check: "bundle-bytes" | "manifest-bytes", what: string) =>
      fetchSound(requests, { hold: lease, digest, bytesMax }, signal).catch((cause: unknown) => {
        if (!(cause instanceof DamagedBytes)) throw cause;
        throw new VersionRefused(check, `This host refused ${nameOf(lease)}: its ${what} is damaged (${cause.message}).`, { cause });
      });
    return Promise.all([
      fetch(bundleDigest, BUNDLE_BYTES_MAX, "bundle-bytes", "signed bundle"),
      fetch(lease.manifestDigest, MANIFEST_BYTES_MAX, "manifest-bytes", "manifest"),
    ]);
  };

  const verify = async (lease: Lease, demanded: Demanded, signal: AbortSignal | undefined): Promise<Signed> => {
    const { tenantId, manifestDigest: digest } = lease;
    const keyOf = ({ version }: BelievedTrust) => [tenantId, demanded.subjectName, digest, demanded.bundleDigest, version].join(" ");
    let believed = await unlessAborted(trust.current(tenantId), signal);
    const known = verified.get(keyOf(believed));
    if (known) return remember(keyOf(believed), known);

    const [bundle, manifest] = await fetchBoth(lease, demanded, signal);
    const demands = { tenantId, predicateType: PUBLICATION_TYPE, subject: { name: demanded.subjectName, digest } };
    const judge = (by: BelievedTrust) => verifyBundle(jsonOf(bundle), { ...demands, now: new Date(now()) }, by.trust);
    let verdict = await judge(believed);
    if (!verdict.allowed) {
      believed = await unlessAborted(trust.renewed(tenantId, believed), signal);
      verdict = await judge(believed);
    }
    if (!verdict.allowed || !verdict.statement) throw refusalOf(lease, verdict);
    return remember(keyOf(believed), { publication: publicationOf(verdict.statement), ...readManifest(lease, manifest) });
  };

  return {
    admit: async (lease, signal) => {
      const { signed: demanded } = lease;
      if (!demanded) throw new VersionRefused("unsigned", `This host refused ${lease.templateName}: its lease names no signature.`);
      requireSigned(lease, demanded, await verify(lease, demanded, signal));
    },
  };
}

function refusalOf(lease: Lease, { refusedBy, steps }: Verdict): VersionRefused {
  const check = refusedBy ?? "bundle-form";
  const reason = steps.find((step) => step.check === check)?.facts["reason"];
  const why = reason === undefined ? "" : ` (${reason})`;
  return new VersionRefused(check, `This host refused ${nameOf(lease)}: the check "${check}" of its signature does not hold${why}.`);
}

/** The lease asks for what was signed, and for nothing else. */
function requireSigned(lease: Lease, demanded: Demanded, { publication, manifestName, driver, code, limits }: Signed): void {
  const refuse = (check: VersionRefused["check"], what: string): never => {
    throw new VersionRefused(check, `This host refused ${nameOf(lease)}: ${what}.`);
  };
  if (publication.semver !== demanded.semver || publication.template !== lease.templateName || manifestName !== lease.templateName)
    refuse("lease-version", `what was signed is ${publication.template} ${publication.semver}`);
  if (lease.driver !== driver) refuse("lease-code", `it was to run with the driver ${lease.driver}, the manifest says ${driver}`);
  const asked = lease.code;
  if (asked?.digest !== code?.digest || asked?.entry !== code?.entry || (asked?.digest ?? null) !== publication.codeDigest)
    refuse("lease-code", "the code it was to run is not the code that was signed");
  for (const limit of ["timeoutMs", "memoryBytes", "cpuMillis"] as const) {
    // Not the other way round: a limit that cannot be read allows nothing.
    if (!(lease.limits[limit] <= limits[limit]))
      refuse("lease-limits", `it was to run with ${limit} ${lease.limits[limit]}, the manifest allows ${limits[limit]}`);
  }
}

/** The bytes are those that were signed, so they were a valid manifest when they were; here they are only read. */
function readManifest(lease: Lease, bytes: Buffer): Omit<Signed, "publication"> {
  try {
    const manifest = jsonOf(bytes) as Manifest;
    const { code, driver } = manifest.spec;
    return {
      manifestName: manifest.metadata.name,
      driver,
      code: code ? { digest: code.archive, entry: code.entry ?? "default" } : null,
      limits: limitsOf(manifest),
    };
  } catch (cause) {
    throw new VersionRefused("manifest-bytes", `The manifest of ${nameOf(lease)} cannot be read.`, { cause });
  }
}

function nameOf({ templateName, signed }: Lease): string {
  return `${templateName} ${signed?.semver ?? ""}`.trim();
}

/** Undefined for what is not JSON: the gate says so. */
function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
