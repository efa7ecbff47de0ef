import { initTRPC } from "@trpc/server";
import { expect, test } from "vitest";
import { ACTIONS, type Action } from "../domain/access/actions.ts";
import { procedure, router } from "./procedure.ts";
import { appRouter } from "./root.ts";

type Procedures = Readonly<Record<string, { readonly _def: { readonly meta?: unknown } }>>;

/** Paths of procedures without a row in the table of actions. */
function unauthorised(procedures: Procedures): string[] {
  return Object.entries(procedures)
    .filter(([, { _def }]) => !hasRow(_def.meta))
    .map(([path]) => path);
}

function hasRow(meta: unknown): boolean {
  return typeof meta === "object" && meta !== null && "action" in meta && Object.hasOwn(ACTIONS, String(meta.action));
}

test("every procedure has an authorisation row", () => {
  const procedures = appRouter._def.procedures as unknown as Procedures;
  expect(Object.keys(procedures).length).toBeGreaterThan(10);
  expect(unauthorised(procedures)).toEqual([]);
});

test("a procedure built past the one door, or for an action that no table knows, is found", () => {
  const bare = initTRPC.create();
  const planted = router({
    good: procedure("session.read").query(() => 1),
    unknown: procedure("templates.burn" as Action).query(() => 1),
    bare: bare.procedure.query(() => 1) as never,
  });
  expect(unauthorised(planted._def.procedures as unknown as Procedures).toSorted()).toEqual(["bare", "unknown"]);
});
