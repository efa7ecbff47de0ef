"use client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC, useTRPCClient } from "../../trpc/client.tsx";
import type { ProofReport } from "./proof.ts";
import type { ProofAnswer } from "./signing-view.ts";

/** A page that waits for a signature asks again this often. */
const SIGNING_MS = 1_500;

export type CheckedProof = {
  readonly answer: ProofAnswer | undefined;
  /** Null while there is no answer, no signature yet, or the check is under way. */
  readonly report: ProofReport | null;
  /** The registry gave no answer, or the verifying code could not be loaded. */
  readonly error: unknown;
  readonly pending: boolean;
  /** Asks the registry again and checks what it says. */
  readonly again: () => void;
};

/**
 * A version's proof, checked in this browser. The verifying code is loaded here and nowhere else. `waitForSignature`: ask again
 * until there is one.
 */
export function useProof({ name, semver, waitForSignature }: { name: string; semver: string; waitForSignature: boolean }): CheckedProof {
  const viewer = useViewer();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const proof = useQuery(
    trpc.signing.proof.queryOptions(
      { name, semver },
      {
        staleTime: 60_000,
        refetchInterval: ({ state }) => (waitForSignature && state.data && state.data.bundle === null ? SIGNING_MS : false),
      },
    ),
  );
  const [checked, setChecked] = useState<Checked | null>(null);
  const [looks, setLooks] = useState(0);
  const { data } = proof;
  const answer = useMemo((): ProofAnswer | undefined => data && { ...data, bundle: data.bundle ?? null }, [data]);
  const { id: tenantId, slug: tenantSlug } = viewer.tenant;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another look checks the same answer again
  useEffect(() => {
    if (!answer || answer.bundle === null) return;
    let gone = false;
    const say = (found: Omit<Checked, "answer">) => {
      if (!gone) setChecked({ answer, ...found });
    };
    const fetchConsistency = (first: number) => client.signing.consistency.query({ first });
    import("./proof.ts")
      .then(({ checkProof }) => checkProof({ asked: { tenantId, tenantSlug, name, semver }, answer, now: new Date(), fetchConsistency }))
      .then(
        (report) => say({ report, error: null }),
        (error: unknown) => say({ report: null, error }),
      );
    return () => {
      gone = true;
    };
  }, [answer, client, name, semver, tenantId, tenantSlug, looks]);
  const current = checked !== null && checked.answer === answer ? checked : null;
  return {
    answer,
    report: current?.report ?? null,
    error: proof.error ?? current?.error ?? null,
    pending: proof.isFetching,
    again: () => {
      setChecked(null);
      void proof.refetch().then(() => setLooks((before) => before + 1));
    },
  };
}

type Checked = { readonly answer: ProofAnswer; readonly report: ProofReport | null; readonly error: unknown };
