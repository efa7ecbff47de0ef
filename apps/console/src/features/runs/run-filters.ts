/** What is looked for among runs, as it stands in the address. Pure. What cannot be looked for is not looked for. */
import { type RunState, runStates } from "./run-view.ts";

export type RunFilters = {
  readonly state?: RunState;
  readonly templateName?: string;
  readonly kind?: "try" | "run";
  readonly channel?: string;
  readonly versionSemver?: string;
  /** The version that runs were moved away from. */
  readonly movedFrom?: string;
};

/** Names in the address. */
export type FilterName = "state" | "template" | "kind" | "channel" | "version" | "movedFrom";

const NAME = /^[a-z0-9-]{1,63}$/;
const SEMVER = /^[0-9.]{1,40}$/;

export function filtersOf(address: Pick<URLSearchParams, "get">): RunFilters {
  const read = (name: FilterName, shape: RegExp) => {
    const value = address.get(name);
    return value !== null && shape.test(value) ? value : null;
  };
  const state = runStates.find((known) => known === address.get("state"));
  const templateName = read("template", NAME);
  const kind = address.get("kind");
  const channel = read("channel", NAME);
  const versionSemver = read("version", SEMVER);
  const movedFrom = read("movedFrom", SEMVER);
  return {
    ...(state ? { state } : {}),
    ...(templateName === null ? {} : { templateName }),
    ...(kind === "try" || kind === "run" ? { kind } : {}),
    ...(channel === null ? {} : { channel }),
    ...(versionSemver === null ? {} : { versionSemver }),
    ...(movedFrom === null ? {} : { movedFrom }),
  };
}
