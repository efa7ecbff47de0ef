/** Where a run's exception arose, as places in the template's code that can be opened. Pure. */

export type StackFrame = { readonly function: string | null; readonly file: string; readonly line: number; readonly column: number };

/** `path` is the file's path in the code archive, or null when the archive at hand does not hold it. */
export type PlacedFrame = StackFrame & { readonly path: string | null };

/** Lines and columns count from 1, as V8 writes them. `paths` null: the archive is not known (yet), nothing can be opened. */
export function placeFrames(stack: readonly StackFrame[], paths: readonly string[] | null): PlacedFrame[] {
  const known = new Set(paths ?? []);
  return stack.map((frame) => {
    const path = archivePath(frame.file);
    return { ...frame, path: known.has(path) ? path : null };
  });
}

/** `./src/../index.mjs` is `index.mjs`; a path that leaves the archive stays as it is and matches nothing. */
function archivePath(file: string): string {
  const steps: string[] = [];
  for (const step of file.split("?")[0]?.split("/") ?? []) {
    if (step === "" || step === ".") continue;
    if (step === "..") {
      if (steps.length === 0) return file;
      steps.pop();
    } else steps.push(step);
  }
  return steps.join("/");
}
