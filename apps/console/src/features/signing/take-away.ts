/** The files that one takes along to check a version without the registry. Pure. */
import { canonicalJson } from "@agent-factory/manifest/digest";
import { readDocument } from "@agent-factory/manifest/document";
import type { ProofAnswer } from "./signing-view.ts";

export type TakenFile = { readonly name: string; readonly mediaType: string; readonly text: string };
export type TakeAway = Readonly<Record<"bundle" | "manifest" | "canonical" | "trust", TakenFile | null>>;

type Taken = Pick<ProofAnswer, "tenant" | "subject" | "source" | "predicateType"> & { readonly bundle: unknown; readonly trust: unknown };

export function takeAway(name: string, semver: string, proof: Taken): TakeAway {
  const base = `${name}-${semver}`;
  const json = (suffix: string, value: unknown): TakenFile => ({
    name: `${base}.${suffix}.json`,
    mediaType: "application/json",
    text: `${JSON.stringify(value, null, 2)}\n`,
  });
  const canonical = canonicalOf(proof.source);
  return {
    bundle: proof.bundle === null ? null : json("bundle", proof.bundle),
    manifest: { name: `${base}.yaml`, mediaType: "application/yaml", text: proof.source },
    // Byte for byte what the digest is of: no line break at the end.
    canonical: canonical === null ? null : { name: `${base}.canonical.json`, mediaType: "application/json", text: canonical },
    trust: json("trust", {
      tenant: proof.tenant,
      subject: proof.subject,
      predicateType: proof.predicateType,
      trust: proof.trust,
    }),
  };
}

function canonicalOf(source: string): string | null {
  try {
    const { data } = readDocument(source);
    return data === undefined ? null : canonicalJson(data);
  } catch {
    return null;
  }
}
