"use client";
import { Menu as Radix } from "radix-ui/internal";
import { type ReactNode, type RefObject, useRef } from "react";
import { MenuParts } from "./menu-parts.tsx";

type MenuPanelProps = {
  readonly id: string;
  /** What it hangs from, and where the focus goes when it closes. */
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly align: "start" | "center" | "end";
  readonly side: "top" | "bottom" | "left" | "right";
  readonly children: ReactNode;
};

/** The menu itself. It leaves the page behind usable: a click elsewhere closes it and keeps the focus that it set. */
export function MenuPanel({ id, button, open, onOpenChange, align, side, children }: MenuPanelProps): ReactNode {
  const leftByPointer = useRef(false);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Radix.Anchor virtualRef={button as RefObject<HTMLButtonElement>} />
      <Radix.Portal>
        <Radix.Content
          id={id}
          aria-labelledby={`${id}-button`}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 min-w-44 max-w-80 animate-appear overflow-hidden rounded-md border border-line bg-surface p-1 shadow-raised"
          onInteractOutside={() => {
            leftByPointer.current = true;
          }}
          onCloseAutoFocus={(event) => {
            if (!leftByPointer.current) button.current?.focus();
            leftByPointer.current = false;
            event.preventDefault();
          }}
        >
          <MenuParts value={Radix}>{children}</MenuParts>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
