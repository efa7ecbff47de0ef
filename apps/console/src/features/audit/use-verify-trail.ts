"use client";
import { useState } from "react";
import { useTRPCClient } from "../../trpc/client.tsx";
import { type Stretch, type TrailVerdict, trailVerdict } from "./trail-verdict.ts";

export type TrailCheck =
  | { readonly state: "idle" }
  | { readonly state: "checking"; readonly checked: number }
  | { readonly state: "done"; readonly verdict: TrailVerdict; readonly at: number }
  | { readonly state: "failed"; readonly error: unknown };

/** Checks the whole trail, a stretch at a time, and stops at the first thing that is not as it was. */
export function useVerifyTrail(): { readonly check: TrailCheck; readonly start: () => void } {
  const client = useTRPCClient();
  const [check, setCheck] = useState<TrailCheck>({ state: "idle" });
  const run = async () => {
    const stretches: Stretch[] = [];
    setCheck({ state: "checking", checked: 0 });
    try {
      for (let cursor: string | undefined; ; ) {
        const stretch = await client.signing.verifyTrail.query(cursor === undefined ? {} : { cursor });
        stretches.push(stretch);
        if (stretch.nextCursor === null) break;
        cursor = stretch.nextCursor;
        setCheck({ state: "checking", checked: stretches.reduce((sum, { checked }) => sum + checked, 0) });
      }
      setCheck({ state: "done", verdict: trailVerdict(stretches), at: Date.now() });
    } catch (error) {
      setCheck({ state: "failed", error });
    }
  };
  return { check, start: () => void run() };
}
