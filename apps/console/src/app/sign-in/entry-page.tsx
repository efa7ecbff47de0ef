import type { ReactNode } from "react";

/** A page outside the console: the mark, a sentence, one thing to do. */
export function EntryPage({ title = "Agent Factory", text, children }: { title?: string; text: string; children?: ReactNode }): ReactNode {
  return (
    <main className="flex min-h-dvh items-center justify-center p-6">
      <div className="flex w-full max-w-sm flex-col gap-5">
        <div className="flex flex-col gap-3">
          <svg aria-hidden viewBox="0 0 32 32" className="size-9">
            <rect width="32" height="32" rx="7" className="fill-accent" />
            <path
              d="M9 22V14l7-4 7 4v8M9 22h14M16 10v12"
              fill="none"
              className="stroke-accent-ink"
              strokeWidth="2.2"
              strokeLinejoin="round"
              strokeLinecap="round"
            />
          </svg>
          <div>
            <h1 className="text-xl font-semibold">{title}</h1>
            <p className="mt-1 text-pretty text-ink-2">{text}</p>
          </div>
        </div>
        {children}
      </div>
    </main>
  );
}
