"use client";
import { Button } from "@agent-factory/ui/button";
import { LogIn } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { startSignIn } from "../../session/start-sign-in.ts";
import { pageMessages } from "../messages.ts";

export function SignInButton({ next, automatic = false }: { next: string; automatic?: boolean }): ReactNode {
  const messages = useMessages(pageMessages);
  const locale = useLocale();
  const [state, setState] = useState<"idle" | "going" | "failed">("idle");
  const begun = useRef(false);
  const begin = () => {
    setState("going");
    startSignIn(next, locale).catch(() => setState("failed"));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    if (!automatic || begun.current) return;
    begun.current = true;
    begin();
  }, [automatic]);
  return (
    <div className="flex flex-col gap-2">
      <Button variant="primary" className="h-9" onClick={begin} loading={state === "going"}>
        <LogIn aria-hidden />
        {messages.signInButton}
      </Button>
      <p role="status" className={state === "failed" ? "text-breached" : "text-ink-3"}>
        {state === "going" ? messages.signInGoing : state === "failed" ? messages.signInFailed : ""}
      </p>
    </div>
  );
}
