import type { z } from "zod";

/** Exit code of a program that was started with a wrong environment (sysexits.h: EX_CONFIG). */
export const EX_CONFIG = 78;

/** One variable that is missing or wrong, as a sentence without its value: values may be secrets. */
export function explainEnv(error: z.ZodError, source: Readonly<Record<string, string | undefined>>): string[] {
  return error.issues.map((issue) => {
    const name = issue.path.map(String).join(".") || "environment";
    const missing = issue.path.length === 1 && source[name] === undefined;
    return `${name}: ${missing ? "is not set" : issue.message}`;
  });
}

/**
 * Reads the environment through a schema; the result is all that an app may know of it.
 * A wrong environment names every problem at once on standard error and ends the process with 78, before anything was opened.
 * An empty string counts as not set, as in `docker run -e NAME=`.
 */
export function loadEnv<T extends z.ZodType>(schema: T, source: NodeJS.ProcessEnv = process.env): z.infer<T> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  process.stderr.write(
    `The environment is not usable:\n${explainEnv(parsed.error, given)
      .map((line) => `  ${line}\n`)
      .join("")}`,
  );
  process.exit(EX_CONFIG);
}
