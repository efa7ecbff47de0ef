import { expect, test } from "vitest";
import { endsSoonDays, firstCall } from "./token-view.ts";

const now = Date.parse("2026-11-24T12:00:00Z");

test("only a live token that ends within two weeks is told to end soon", () => {
  expect(endsSoonDays({ state: "live", expiresAt: "2026-11-27T13:00:00Z" }, now)).toBe(3);
  expect(endsSoonDays({ state: "live", expiresAt: "2026-11-24T18:00:00Z" }, now)).toBe(0);
  expect(endsSoonDays({ state: "live", expiresAt: "2026-12-24T12:00:00Z" }, now)).toBeNull();
  expect(endsSoonDays({ state: "revoked", expiresAt: "2026-11-25T12:00:00Z" }, now)).toBeNull();
});

test("the first call names the registry where the console knows it", () => {
  expect(firstCall("aft_x_y", "https://registry.example.test")).toBe(
    'curl -H "Authorization: Bearer aft_x_y" "https://registry.example.test/v1/templates"',
  );
  expect(firstCall("aft_x_y", null)).toContain('"$REGISTRY/v1/templates"');
});
