/** A signing module on a database of its own. Imported by tests only. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PUBLICATION_TYPE, publicationStatement, publicationSubject } from "@agent-factory/gate/statement";
import { openBlobs } from "../../platform/blobs.ts";
import { manualClock } from "../../platform/clock.ts";
import { openTestKernel, type TestKernel, type TestTenant } from "../../seed/test-kernel.ts";
import { systemActor } from "../actor.ts";
import type { AttestInput } from "./attestations.ts";
import { openSigning, type Signing, type SigningParts } from "./signing.ts";

export const TRUST_DOMAIN = "factory.test";

export type TestSigning = AsyncDisposable & {
  readonly kernel: TestKernel;
  readonly signing: Signing;
  readonly clock: ReturnType<typeof manualClock>;
  readonly dir: string;
  readonly parts: SigningParts;
  /** The same database and state, as another process would open them. */
  reopen(over?: Partial<SigningParts>): Promise<Signing>;
  /** The stored bundle, parsed. */
  bundle(tenant: TestTenant, digest: string): Promise<unknown>;
};

/** The clock stands at this moment until a test moves it; rows of the database carry its own time. */
export const START = new Date("2026-11-24T10:00:00.250Z");

export async function openTestSigning(): Promise<TestSigning> {
  const kernel = await openTestKernel();
  const dir = await mkdtemp(path.join(tmpdir(), "signing-"));
  const { access, fastDatabase } = kernel;
  const clock = manualClock(START);
  const blobs = openBlobs({ dir: path.join(dir, "blobs"), fastDatabase });
  const parts: SigningParts = { access, fastDatabase, blobs, clock, trustDomain: TRUST_DOMAIN, stateDir: path.join(dir, "state") };
  return {
    kernel,
    signing: await openSigning(parts),
    clock,
    dir,
    parts,
    reopen: (over) => openSigning({ ...parts, ...over }),
    bundle: async (tenant, digest) => JSON.parse((await blobs.get(tenant.id, digest)).toString("utf8")),
    [Symbol.asyncDispose]: async () => {
      await kernel[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function signer(tenant: TestTenant) {
  return systemActor("signer", tenant.id);
}

/** What templates would have signed: a publication of this version. */
export function publication(tenant: TestTenant, semver = "1.0.0", digest = `sha256:${"ab".repeat(32)}`): AttestInput {
  const template = "invoice-triage";
  const statement = publicationStatement(
    {
      tenant: { id: tenant.id, slug: tenant.slug },
      template,
      semver,
      parent: null,
      codeDigest: null,
      review: null,
      policy: { revision: "r1", rules: [], allowed: true },
      publishedAt: START.toISOString(),
    },
    digest,
  );
  return {
    subjectName: publicationSubject({ tenantSlug: tenant.slug, templateName: template, semver }),
    subjectDigest: digest,
    predicateType: PUBLICATION_TYPE,
    statement,
  };
}
