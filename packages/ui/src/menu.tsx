"use client";
import { clsx } from "clsx";
import { Check } from "lucide-react";
import { Slot } from "radix-ui";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useRef, useState } from "react";
import { fetched } from "./fetched.tsx";
import { useMenuParts } from "./menu-parts.tsx";

/** `loadMenuPanel` fetches what an open menu is made of; called early, so that the first one opens at once. */
const { Fetched: MenuPanel, fetch: loadMenuPanel } = fetched(() => import("./menu-panel.tsx").then((loaded) => loaded.MenuPanel));

export { loadMenuPanel };

const item =
  "flex min-h-7 cursor-default items-center gap-2 rounded-sm px-2 py-1 text-md outline-none select-none data-[disabled]:text-ink-3 data-[highlighted]:bg-hover [&_svg]:size-4 [&_svg]:shrink-0";
/** Apart from the rest: of two colours on one element the style sheet's order decides, not ours. */
const tones = { normal: "text-ink [&_svg]:text-ink-3", danger: "text-breached [&_svg]:text-breached" } as const;

export type MenuProps = {
  /** The element that opens it: one button. */
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly align?: "start" | "center" | "end";
  readonly side?: "top" | "bottom" | "left" | "right";
};

/** The trigger is ours, as the WAI-ARIA menu button says; what opens is fetched when it is first wanted. */
export function Menu({ trigger, children, align = "end", side = "bottom" }: MenuProps): ReactNode {
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const show = (next: boolean) => {
    if (next) setWanted(true);
    setOpen(next);
  };
  return (
    <>
      <Slot.Root
        ref={button}
        id={`${id}-button`}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        data-state={open ? "open" : "closed"}
        // It is there before it opens: it must have seen whether a key or a pointer opened it.
        onPointerEnter={() => setWanted(true)}
        onFocus={() => setWanted(true)}
        onPointerDown={(event: PointerEvent) => {
          if (event.button !== 0 || event.ctrlKey || isDisabled(event.currentTarget)) return;
          // The first of its entries is to have the focus, not the button.
          if (!open) event.preventDefault();
          show(!open);
        }}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key !== "Enter" && event.key !== " " && event.key !== "ArrowDown") return;
          event.preventDefault();
          if (isDisabled(event.currentTarget)) return;
          show(event.key === "ArrowDown" || !open);
        }}
      >
        {trigger}
      </Slot.Root>
      {wanted ? (
        <MenuPanel id={id} button={button} open={open} onOpenChange={show} align={align} side={side}>
          {children}
        </MenuPanel>
      ) : null}
    </>
  );
}

/** A button that says why it cannot be used now stays focusable, and opens nothing. */
const isDisabled = (button: EventTarget & Element): boolean => button.getAttribute("aria-disabled") === "true";

export type MenuItemProps = {
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly onSelect?: () => void;
  /** Why it cannot be used now: it stays visible, and says so below its name. */
  readonly disabledReason?: string | undefined;
  readonly tone?: "normal" | "danger";
  /** At the right: a shortcut or a count. */
  readonly aside?: ReactNode;
  /** A link element takes the place of the item (`children` is that element). */
  readonly asChild?: boolean;
};

export function MenuItem({ icon, children, onSelect, disabledReason, tone = "normal", aside, asChild = false }: MenuItemProps): ReactNode {
  const Parts = useMenuParts();
  const look = clsx(item, tones[disabledReason === undefined ? tone : "normal"]);
  if (asChild) {
    return (
      <Parts.Item asChild className={look} {...(onSelect ? { onSelect } : {})}>
        {children}
      </Parts.Item>
    );
  }
  return (
    <Parts.Item
      className={look}
      aria-disabled={disabledReason !== undefined || undefined}
      onSelect={(event) => {
        if (disabledReason !== undefined) event.preventDefault();
        else onSelect?.();
      }}
    >
      {icon}
      <span className={clsx("min-w-0 flex-1", disabledReason !== undefined && "text-ink-3")}>
        {children}
        {disabledReason === undefined ? null : <span className="block text-sm text-pretty text-ink-3">{disabledReason}</span>}
      </span>
      {aside}
    </Parts.Item>
  );
}

export function MenuChoices<Value extends string>({
  label,
  value,
  onValueChange,
  choices,
}: {
  label: string;
  value: Value;
  onValueChange: (value: Value) => void;
  choices: readonly { readonly value: Value; readonly label: ReactNode; readonly icon?: ReactNode }[];
}): ReactNode {
  const Parts = useMenuParts();
  return (
    <Parts.Group>
      <MenuLabel>{label}</MenuLabel>
      <Parts.RadioGroup value={value} onValueChange={(next) => onValueChange(next as Value)}>
        {choices.map((choice) => (
          <Parts.RadioItem key={choice.value} value={choice.value} className={clsx(item, tones.normal)}>
            {choice.icon}
            <span className="flex-1">{choice.label}</span>
            <Parts.ItemIndicator>
              <Check aria-hidden />
            </Parts.ItemIndicator>
          </Parts.RadioItem>
        ))}
      </Parts.RadioGroup>
    </Parts.Group>
  );
}

export function MenuLabel({ children }: { children: ReactNode }): ReactNode {
  const Parts = useMenuParts();
  return <Parts.Label className="px-2 pt-1.5 pb-1 text-xs text-ink-3">{children}</Parts.Label>;
}

export function MenuSeparator(): ReactNode {
  const Parts = useMenuParts();
  return <Parts.Separator className="-mx-1 my-1 h-px bg-line" />;
}
