"use client";
import { Check } from "lucide-react";
import { Select as RadixSelect } from "radix-ui";
import type { ComponentPropsWithoutRef, ReactNode } from "react";

export type SelectOption<Value extends string = string> = { readonly value: Value; readonly label: ReactNode; readonly note?: ReactNode };

type SelectControlProps = {
  readonly trigger: ComponentPropsWithoutRef<"button">;
  readonly value: string;
  readonly onValueChange: (value: string) => void;
  readonly options: readonly SelectOption[];
  /** What the closed control shows. */
  readonly children: ReactNode;
};

export function SelectControl({ trigger, value, onValueChange, options, children }: SelectControlProps): ReactNode {
  return (
    <RadixSelect.Root value={value} onValueChange={onValueChange}>
      <RadixSelect.Trigger {...trigger}>{children}</RadixSelect.Trigger>
      <RadixSelect.Portal>
        <RadixSelect.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-72 min-w-[var(--radix-select-trigger-width)] animate-appear overflow-hidden rounded-md border border-line bg-surface shadow-raised"
        >
          <RadixSelect.Viewport className="p-1">
            {options.map((option) => (
              <RadixSelect.Item
                key={option.value}
                value={option.value}
                className="flex min-h-7 cursor-default items-center gap-2 rounded-sm px-2 py-1 text-md outline-none select-none data-[highlighted]:bg-hover"
              >
                <span className="min-w-0 flex-1">
                  <RadixSelect.ItemText>{option.label}</RadixSelect.ItemText>
                  {option.note === undefined ? null : <span className="block text-sm text-ink-3">{option.note}</span>}
                </span>
                <RadixSelect.ItemIndicator>
                  <Check aria-hidden className="size-4 text-accent" />
                </RadixSelect.ItemIndicator>
              </RadixSelect.Item>
            ))}
          </RadixSelect.Viewport>
        </RadixSelect.Content>
      </RadixSelect.Portal>
    </RadixSelect.Root>
  );
}
