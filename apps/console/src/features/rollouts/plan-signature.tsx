"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Tooltip } from "@agent-factory/ui/tooltip";
import { Hourglass, ShieldCheck, ShieldX } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { planMessages } from "./plan-messages.ts";
import type { PlanRow } from "./rollout-view.ts";

/** Whether a revision is signed, and where in the log that stands: no rollout begins by it before, nor once its key is distrusted. */
export function PlanSignature({ plan }: { plan: Pick<PlanRow, "signature" | "logIndex"> }): ReactNode {
  const messages = useMessages(planMessages);
  const format = useFormat();
  if (plan.signature === "waiting" || plan.logIndex === null) {
    return (
      <Badge tone="accent" icon={<Hourglass aria-hidden />}>
        {messages.unsigned}
      </Badge>
    );
  }
  return (
    <Tooltip content={messages.signedAt(format.number(plan.logIndex))}>
      <Link href={`/trust/log/${plan.logIndex}`} className="rounded-sm hover:underline">
        {plan.signature === "distrusted" ? (
          <Badge tone="breached" icon={<ShieldX aria-hidden />}>
            {messages.distrusted}
          </Badge>
        ) : (
          <span className="inline-flex items-center gap-1 text-sm text-ink-2">
            <ShieldCheck aria-hidden className="size-3.5 text-healthy" />
            {messages.signed}
          </span>
        )}
      </Link>
    </Tooltip>
  );
}
