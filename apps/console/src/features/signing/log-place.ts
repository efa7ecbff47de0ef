/** A place in the log as somebody typed it, or null. Pure. */
export function indexOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
