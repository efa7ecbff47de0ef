"use client";
import { clsx } from "clsx";
import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";

const panel = "z-50 min-w-44 max-w-80 animate-appear overflow-hidden rounded-md border border-line bg-surface p-1 shadow-raised";
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

export function Menu({ trigger, children, align = "end", side = "bottom" }: MenuProps): ReactNode {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align={align} side={side} sideOffset={6} collisionPadding={8} className={panel}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

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
  const look = clsx(item, tones[disabledReason === undefined ? tone : "normal"]);
  if (asChild) {
    return (
      <Radix.Item asChild className={look} {...(onSelect ? { onSelect } : {})}>
        {children}
      </Radix.Item>
    );
  }
  return (
    <Radix.Item
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
    </Radix.Item>
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
  return (
    <Radix.Group>
      <MenuLabel>{label}</MenuLabel>
      <Radix.RadioGroup value={value} onValueChange={(next) => onValueChange(next as Value)}>
        {choices.map((choice) => (
          <Radix.RadioItem key={choice.value} value={choice.value} className={clsx(item, tones.normal)}>
            {choice.icon}
            <span className="flex-1">{choice.label}</span>
            <Radix.ItemIndicator>
              <Check aria-hidden />
            </Radix.ItemIndicator>
          </Radix.RadioItem>
        ))}
      </Radix.RadioGroup>
    </Radix.Group>
  );
}

export function MenuLabel({ children }: { children: ReactNode }): ReactNode {
  return <Radix.Label className="px-2 pt-1.5 pb-1 text-xs text-ink-3">{children}</Radix.Label>;
}

export function MenuSeparator(): ReactNode {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-line" />;
}
