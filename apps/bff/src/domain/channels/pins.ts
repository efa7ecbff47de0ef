/**
 * What a run of a version needs, by the version's id, inside somebody's transaction. What a version says never changes and is read once;
 * whether its signature still counts is asked each time.
 */
import { parseManifest } from "@agent-factory/manifest";
import { limitsOf } from "@agent-factory/manifest/limits";
import { runnableDrivers } from "@agent-factory/manifest/schema";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Runnable } from "../templates/templates.ts";
import { findPublished, isDistrusted } from "./channel-store.ts";

export type Pins = Omit<Runnable, "templateName">;

const KNOWN_MAX = 500;

/** Null: it is unsigned, its signature is distrusted, or no host runs it. Publishing stored the manifest's bytes under its digest. */
export function createPinReader(): (tx: FastTransaction, versionId: string) => Promise<Pins | null> {
  const known = new Map<string, Pins>();
  return async (tx, versionId) => {
    if (await isDistrusted(tx, versionId)) return null;
    const there = known.get(versionId);
    if (there) return there;
    const row = await findPublished(tx, versionId);
    if (!row || row.subjectName === null || row.bundleDigest === null) return null;
    const manifest = parseManifest(row.source).manifest;
    const code = manifest?.spec.code;
    if (!manifest || !code || !runnableDrivers.has(manifest.spec.driver)) return null;
    const pins: Pins = {
      templateId: row.templateId,
      versionId,
      semver: row.semver,
      subjectName: row.subjectName,
      bundleDigest: row.bundleDigest,
      manifest,
      manifestDigest: row.digest,
      code: { digest: code.archive, entry: code.entry },
      limits: limitsOf(manifest),
      capabilities: manifest.spec.capabilities ?? [],
    };
    const [oldest] = known.keys();
    if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    known.set(versionId, pins);
    return pins;
  };
}
