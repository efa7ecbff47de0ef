"use client";
import { Button } from "@agent-factory/ui/button";
import { Input } from "@agent-factory/ui/field";
import { useRouter } from "next/navigation";
import { type ReactNode, useId, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { indexOf } from "./log-place.ts";
import { signingMessages } from "./messages.ts";

/** Leads to one entry by its number. */
export function GoToEntry({ last }: { last: number }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const router = useRouter();
  const id = useId();
  const [typed, setTyped] = useState("");
  const index = indexOf(typed.trim());
  const wrong = typed.trim() !== "" && (index === null || index > last);
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (index !== null && !wrong) router.push(`/trust/log/${index}`);
      }}
    >
      <label htmlFor={id} className="text-sm text-ink-2">
        {messages.goTo}
      </label>
      <span className="w-24">
        <Input
          id={id}
          inputMode="numeric"
          value={typed}
          aria-invalid={wrong || undefined}
          title={messages.goToHint(format.number(last))}
          onChange={(event) => setTyped(event.target.value)}
        />
      </span>
      <Button type="submit" disabledReason={index === null || wrong ? messages.goToHint(format.number(last)) : undefined}>
        {messages.go}
      </Button>
    </form>
  );
}
