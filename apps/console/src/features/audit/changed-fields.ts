/** One field of a thing before and after; `undefined`: the field was not there. */
export type ChangedField = { readonly path: string; readonly before: unknown; readonly after: unknown; readonly changed: boolean };

const FIELDS_MAX = 100;

/** The fields of two recorded values side by side, by path; lists count as one value. The longest paths are cut off at {@link FIELDS_MAX}. */
export function changedFields(before: unknown, after: unknown): readonly ChangedField[] {
  const left = flatten(before);
  const right = flatten(after);
  const paths = [...new Set([...left.keys(), ...right.keys()])].slice(0, FIELDS_MAX);
  return paths.map((path) => {
    const was = left.get(path);
    const is = right.get(path);
    return { path, before: was, after: is, changed: JSON.stringify(was) !== JSON.stringify(is) };
  });
}

function flatten(value: unknown, path = "", into = new Map<string, unknown>()): Map<string, unknown> {
  if (value === null || value === undefined) {
    if (path !== "") into.set(path, value);
    return into;
  }
  if (typeof value !== "object" || Array.isArray(value)) {
    into.set(path === "" ? "·" : path, value);
    return into;
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === "" ? key : `${path}.${key}`, into);
  return into;
}
