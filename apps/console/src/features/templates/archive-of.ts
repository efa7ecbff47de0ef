/** The digest a manifest's data names for its code, valid or not. */
export function archiveOf(data: unknown): string | null {
  const archive = step(step(step(data, "spec"), "code"), "archive");
  return typeof archive === "string" ? archive : null;
}

function step(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
