"use client";
import { useCallback, useEffect, useState } from "react";

export type LocalCheck<Found> = {
  /** Undefined while the check is under way, and when it could not be made. */
  readonly found: Found | undefined;
  /** Why it could not be made: its code did not load, or broke. */
  readonly error: unknown;
  readonly retry: () => void;
};

/**
 * What this browser finds out itself about `subject`, with code that is fetched when it is wanted. `check` is the same function at
 * every draw; nothing is checked while there is no subject.
 */
export function useLocalCheck<Subject, Found>(
  subject: Subject | undefined,
  check: (subject: Subject) => Promise<Found>,
): LocalCheck<Found> {
  const [outcome, setOutcome] = useState<Outcome<Subject, Found> | null>(null);
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another try checks the same subject again
  useEffect(() => {
    if (subject === undefined) return;
    let gone = false;
    const say = (found: Omit<Outcome<Subject, Found>, "subject">) => {
      if (!gone) setOutcome({ subject, ...found });
    };
    check(subject).then(
      (found) => say({ found, error: null }),
      (error: unknown) => say({ found: undefined, error }),
    );
    return () => {
      gone = true;
    };
  }, [subject, check, tries]);
  const retry = useCallback(() => {
    setOutcome(null);
    setTries((before) => before + 1);
  }, []);
  const current = outcome !== null && outcome.subject === subject ? outcome : null;
  return { found: current?.found, error: current?.error ?? null, retry };
}

type Outcome<Subject, Found> = { readonly subject: Subject; readonly found: Found | undefined; readonly error: unknown };
