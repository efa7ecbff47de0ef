"use client";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { runMessages } from "./messages.ts";
import type { RunView } from "./run-view.ts";

/** Why a run has not started, as a sentence, and where to do something about it. */
export function RunWaiting({ waiting }: { waiting: NonNullable<RunView["waiting"]> }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const { until, ahead } = waiting.details;
  const sentence = () => {
    switch (waiting.code) {
      case "backoff":
        return messages.waiting_backoff(typeof until === "string" ? format.relative(until) : "");
      case "behind":
        return typeof ahead === "number" ? messages.waiting_behind(ahead) : messages.waiting_behindMany;
      case "no-host":
        return messages["waiting_no-host"];
      case "no-free-slot":
        return messages["waiting_no-free-slot"];
      case "host-cordoned":
        return messages["waiting_host-cordoned"];
      default:
        return messages.waiting_unknown;
    }
  };
  const fleetHelps = waiting.code === "no-host" || waiting.code === "host-cordoned" || waiting.code === "no-free-slot";
  return (
    <p data-testid="run-waiting" className="text-ink-2">
      <span className="font-semibold text-ink">{messages.why}</span> {sentence()}{" "}
      {fleetHelps ? (
        <Link href="/fleet" className="text-accent hover:underline">
          {messages.openFleet}
        </Link>
      ) : null}
    </p>
  );
}
