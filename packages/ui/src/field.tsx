"use client";
import { clsx } from "clsx";
import { Check, ChevronDown, CircleAlert, Minus } from "lucide-react";
import { Checkbox as RadixCheckbox } from "radix-ui";
import { type ComponentPropsWithRef, createContext, lazy, type ReactNode, Suspense, use, useId } from "react";
import type { SelectOption } from "./select-control.tsx";

type FieldIds = {
  readonly control: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly required: boolean;
};
const FieldContext = createContext<FieldIds | null>(null);

export type FieldProps = {
  readonly label: ReactNode;
  /** What to type, before anything is wrong. */
  readonly hint?: ReactNode;
  /** What is wrong and how to mend it. */
  readonly error?: ReactNode;
  readonly required?: boolean;
  /** The label is read out but not shown, where its place says what it is (a search box, a filter). */
  readonly labelHidden?: boolean;
  readonly children: ReactNode;
  readonly className?: string;
};

/** One control with its label, hint and error, tied together for screen readers. */
export function Field({ label, hint, error, required = false, labelHidden = false, children, className }: FieldProps): ReactNode {
  const id = useId();
  const failed = error !== undefined && error !== null && error !== "";
  const describedBy = [hint === undefined ? null : `${id}-hint`, failed ? `${id}-error` : null].filter(Boolean).join(" ");
  return (
    <FieldContext value={{ control: id, describedBy: describedBy === "" ? undefined : describedBy, invalid: failed, required }}>
      <div className={clsx("flex min-w-0 flex-col gap-1", className)}>
        <label htmlFor={id} className={clsx("text-sm font-medium text-ink-2", labelHidden && "sr-only")}>
          {label}
        </label>
        {children}
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-sm text-pretty text-ink-3">
            {hint}
          </p>
        )}
        {failed ? (
          <p id={`${id}-error`} className="flex items-start gap-1 text-sm text-breached">
            <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
            <span>{error}</span>
          </p>
        ) : null}
      </div>
    </FieldContext>
  );
}

function useFieldProps(given: string | undefined) {
  const field = use(FieldContext);
  return {
    id: given ?? field?.control,
    "aria-describedby": field?.describedBy,
    "aria-invalid": field?.invalid ? true : undefined,
    "aria-required": field?.required ? true : undefined,
  } as const;
}

const box =
  "w-full min-w-0 rounded-sm border border-line-strong bg-surface text-md text-ink transition-colors hover:border-ink-3 aria-[invalid]:border-breached read-only:bg-sunken focus-visible:outline-offset-0";

export type InputProps = ComponentPropsWithRef<"input"> & {
  readonly mono?: boolean /** Inside the box, at its left. */;
  readonly icon?: ReactNode /** Inside the box, at its right. */;
  readonly aside?: ReactNode;
};

export function Input({ mono = false, icon, aside, className, id, ...rest }: InputProps): ReactNode {
  const field = useFieldProps(id);
  const input = (
    <input
      autoComplete="off"
      {...field}
      {...rest}
      className={clsx(box, "h-[30px] px-2.5", mono && "font-mono", icon !== undefined && "pl-8", aside !== undefined && "pr-10", className)}
    />
  );
  if (icon === undefined && aside === undefined) return input;
  return (
    <span className="relative flex min-w-0 flex-1 items-center">
      {icon === undefined ? null : <span className="pointer-events-none absolute left-2.5 text-ink-3 [&_svg]:size-4">{icon}</span>}
      {input}
      {aside === undefined ? null : <span className="pointer-events-none absolute right-2 flex items-center">{aside}</span>}
    </span>
  );
}

export function Textarea({
  mono = false,
  className,
  id,
  ...rest
}: ComponentPropsWithRef<"textarea"> & { readonly mono?: boolean }): ReactNode {
  const field = useFieldProps(id);
  return <textarea rows={4} {...field} {...rest} className={clsx(box, "px-2.5 py-1.5", mono && "font-mono", className)} />;
}

export type SelectProps<Value extends string> = {
  readonly value: Value;
  readonly onValueChange: (value: Value) => void;
  readonly options: readonly SelectOption<Value>[];
  /** Its name when no Field gives it one. */
  readonly label?: string;
  readonly id?: string;
  readonly className?: string;
};

const SelectControl = lazy(() => import("./select-control.tsx").then((loaded) => ({ default: loaded.SelectControl })));

/**
 * One of a few values. Values must not be empty: give "any" a word of its own. The server draws it; what opens it follows the page,
 * and stands in the same place until then.
 */
export function Select<Value extends string>({ value, onValueChange, options, label, id, className }: SelectProps<Value>): ReactNode {
  const field = useFieldProps(id);
  const chosen = options.find((option) => option.value === value)?.label;
  const look = clsx(
    "inline-flex h-[30px] min-w-0 items-center gap-1.5 rounded-sm border border-line-strong bg-surface px-2.5 text-md hover:bg-hover",
    className,
  );
  const shown = (
    <>
      <span className="min-w-0 flex-1 truncate text-left">{chosen}</span>
      <ChevronDown aria-hidden className="size-3.5 shrink-0 text-ink-3" />
    </>
  );
  return (
    <Suspense
      fallback={
        <span aria-hidden className={look}>
          {shown}
        </span>
      }
    >
      <SelectControl
        trigger={{ ...field, "aria-label": label, className: look }}
        value={value}
        onValueChange={(next) => onValueChange(next as Value)}
        options={options}
      >
        {shown}
      </SelectControl>
    </Suspense>
  );
}

export type CheckboxProps = {
  readonly checked: boolean | "indeterminate";
  readonly onCheckedChange: (checked: boolean) => void;
  readonly children: ReactNode;
  readonly hint?: ReactNode;
};

export function Checkbox({ checked, onCheckedChange, children, hint }: CheckboxProps): ReactNode {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <RadixCheckbox.Root
        id={id}
        checked={checked}
        onCheckedChange={(next) => onCheckedChange(next === true)}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-[4px] border border-line-strong bg-surface text-accent-ink hover:border-ink-3 data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[state=indeterminate]:bg-accent"
      >
        <RadixCheckbox.Indicator>
          {checked === "indeterminate" ? <Minus aria-hidden className="size-3" /> : <Check aria-hidden className="size-3" />}
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <div className="min-w-0">
        <label htmlFor={id}>{children}</label>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-sm text-ink-3">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
