import { placeOf, stepsOf } from "@agent-factory/manifest/diagnostic";

/** `spec.tools[0].name`, as a person would call it; null for the whole manifest. */
export function placeName(pointer: string | null): string | null {
  if (pointer === null || pointer === "") return null;
  return placeOf(stepsOf(pointer));
}
