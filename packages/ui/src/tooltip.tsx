"use client";
import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";

/** Once, around the whole page: tooltips open quickly one after the other. */
export function TooltipProvider({ children }: { children: ReactNode }): ReactNode {
  return (
    <Radix.Provider delayDuration={250} skipDelayDuration={150}>
      {children}
    </Radix.Provider>
  );
}

export type TooltipProps = {
  /** A sentence or a few words; never the only place where something needed stands. */
  readonly content: ReactNode;
  /** One element that takes a ref and can be focused. */
  readonly children: ReactNode;
  readonly side?: "top" | "right" | "bottom" | "left";
};

export function Tooltip({ content, children, side = "top" }: TooltipProps): ReactNode {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-72 animate-appear rounded-sm bg-ink px-2 py-1 text-sm text-pretty text-canvas shadow-raised"
        >
          {content}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
