import { expect } from "vitest";
import { Failure } from "./failure.ts";

/** What the work was refused with; the test fails when it was not refused, or threw anything else. */
export async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}
