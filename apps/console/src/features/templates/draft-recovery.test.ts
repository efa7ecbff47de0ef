import { describe, expect, test } from "vitest";
import { dropForgotten, dropRecovery, dropText, keepText, recover, type TextStorage } from "./draft-recovery.ts";

const key = { tenant: "acme", user: "u1", draftId: "d1" };
const kept = { text: "a: typed", revision: 3, keptAt: "2026-11-01T10:00:00.000Z" };

function memory(): TextStorage & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
  };
}

const refusing: TextStorage = {
  length: 0,
  key: () => null,
  getItem: () => {
    throw new Error("denied");
  },
  setItem: () => {
    throw new Error("full");
  },
  removeItem: () => {
    throw new Error("denied");
  },
};

describe("text kept in the browser", () => {
  test("what was typed and not stored is offered back", () => {
    const storage = memory();
    keepText(storage, key, kept);
    expect(recover(storage, key, { source: "a: 1", revision: 3 })).toEqual({ kept, behind: false });
  });

  test("it says so when the draft has moved on since", () => {
    const storage = memory();
    keepText(storage, key, kept);
    expect(recover(storage, key, { source: "a: 1", revision: 4 })?.behind).toBe(true);
  });

  test("text that turned out to be stored is not offered, and is forgotten", () => {
    const storage = memory();
    keepText(storage, key, kept);
    expect(recover(storage, key, { source: "a: typed", revision: 4 })).toBeNull();
    expect(storage.entries.size).toBe(0);
  });

  test("it is offered again until it is taken or dropped, whatever is typed and stored meanwhile", () => {
    const storage = memory();
    keepText(storage, key, kept);
    recover(storage, key, { source: "a: 1", revision: 3 });
    keepText(storage, key, { ...kept, text: "a: typed later" });
    dropText(storage, key);
    expect(recover(storage, key, { source: "a: typed later", revision: 4 })).toEqual({ kept, behind: true });
    dropRecovery(storage, key);
    expect(recover(storage, key, { source: "a: 1", revision: 4 })).toBeNull();
  });

  test("another person, tenant or draft is not offered it", () => {
    const storage = memory();
    keepText(storage, key, kept);
    for (const other of [
      { ...key, user: "u2" },
      { ...key, tenant: "other" },
      { ...key, draftId: "d2" },
    ]) {
      expect(recover(storage, other, { source: "a: 1", revision: 3 })).toBeNull();
    }
  });

  test("an entry that is not ours to read offers nothing", () => {
    const storage = memory();
    storage.setItem("agent-factory.draft.acme.u1.d1", "{broken");
    expect(recover(storage, key, { source: "a: 1", revision: 3 })).toBeNull();
  });

  test("a browser that refuses storage breaks nothing", () => {
    expect(keepText(refusing, key, kept)).toBe(false);
    expect(recover(refusing, key, { source: "a: 1", revision: 3 })).toBeNull();
    dropText(refusing, key);
    dropForgotten(refusing, new Date());
  });

  test("texts nobody came back for in 30 days are dropped, newer ones and other people's data are not", () => {
    const storage = memory();
    keepText(storage, key, kept);
    keepText(storage, { ...key, draftId: "d2" }, { ...kept, keptAt: "2026-12-10T10:00:00.000Z" });
    storage.setItem("somebody.else", "1");
    dropForgotten(storage, new Date("2026-12-11T10:00:00.000Z"));
    expect([...storage.entries.keys()]).toEqual(["agent-factory.draft.acme.u1.d2", "somebody.else"]);
  });
});
