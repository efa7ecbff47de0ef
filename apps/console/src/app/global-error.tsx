"use client";
import "./globals.css";

/** The last resort, when even the layout broke: it knows neither the language nor the theme, so it says it in both and plainly. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body className="flex min-h-dvh items-center justify-center p-6">
        <main className="max-w-md">
          <h1 className="text-lg font-semibold">The console broke</h1>
          <p className="mt-1 text-ink-2">Something went wrong on our side. What you saved is safe.</p>
          <p lang="fr" className="mt-1 text-ink-2">
            La console s'est cassée. Ce que vous avez enregistré est intact.
          </p>
          <button
            type="button"
            onClick={reset}
            className="mt-4 h-8 rounded-sm border border-line-strong bg-surface px-3 font-medium hover:bg-hover"
          >
            Try again · Réessayer
          </button>
          {error.digest === undefined ? null : <p className="mt-3 font-mono text-sm text-ink-3">{error.digest}</p>}
        </main>
      </body>
    </html>
  );
}
