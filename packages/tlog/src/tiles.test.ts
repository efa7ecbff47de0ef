import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryTile, parseTilePath, type Tile, tileNodes, tileOf, tilePath, tileWidth } from "./tiles.ts";

describe("a tile", () => {
  test.each<[Tile, string]>([
    [{ level: 0, index: 0, width: 256 }, "tile/0/000"],
    [{ level: 0, index: 1234067, width: 256 }, "tile/0/x001/x234/067"],
    [{ level: 63, index: 67, width: 1 }, "tile/63/067.p/1"],
    [{ level: 1, index: 1000, width: 12 }, "tile/1/x001/000.p/12"],
    [{ level: "entries", index: 273, width: 112 }, "tile/entries/273.p/112"],
  ])("%o has the path %s", (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each([
    "tile/0/1",
    "tile/0/x000/001",
    "tile/00/001",
    "tile/64/001",
    "tile/0/001/002",
    "tile/0/001.p/0",
    "tile/0/001.p/256",
    "tile/0/001.p/01",
    "tile/data/001",
    "/tile/0/001",
    "tile/0/../001",
    "tile/0/x999/x999/x999/x999/x999/999",
    "",
  ])("has no path %s", (path) => {
    expect(parseTilePath(path)).toBeNull();
  });

  test("reads back from its path", () => {
    const tile = fc.record({
      level: fc.oneof(fc.constant("entries" as const), fc.nat(63)),
      index: fc.nat(2 ** 31 - 1),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(fc.property(tile, (value) => void expect(parseTilePath(tilePath(value))).toEqual(value)));
  });

  test("is as wide as the tree makes it", () => {
    // The example of C2SP tlog-tiles: a tree of 70,000 leaves.
    expect(tileWidth(0, 272, 70_000)).toBe(256);
    expect(tileWidth(0, 273, 70_000)).toBe(112);
    expect(tileWidth("entries", 273, 70_000)).toBe(112);
    expect(tileWidth(1, 0, 70_000)).toBe(256);
    expect(tileWidth(1, 1, 70_000)).toBe(17);
    expect(tileWidth(2, 0, 70_000)).toBe(1);
    expect(tileWidth(0, 274, 70_000)).toBe(0);
    expect(tileWidth(3, 0, 70_000)).toBe(0);
  });

  test("holds every stored node, itself or what it is folded from", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.nat(20), fc.nat(), (size, level, at) => {
        const count = Math.floor(size / 2 ** level);
        fc.pre(count > 0);
        const node = { level, index: at % count };
        const tile = tileOf(node, size);
        const nodes = tileNodes(tile);
        const below = 2 ** (level % 8);
        const first = nodes.findIndex(({ index }) => index === node.index * below);
        expect(nodes[0]?.level).toBe(level - (level % 8));
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first + below).toBeLessThanOrEqual(nodes.length);
        expect(tile.width).toBe(tileWidth(tile.level, tile.index, size));
      }),
    );
    expect(() => tileOf({ level: 3, index: 1 }, 15)).toThrow("not complete");
  });

  test("of entries has each behind its length", () => {
    expect(entryTile([Uint8Array.of(7), new Uint8Array(0), Uint8Array.of(8, 9)])).toEqual(Uint8Array.of(0, 1, 7, 0, 0, 0, 2, 8, 9));
    expect(() => entryTile([new Uint8Array(65_536)])).toThrow("65,535");
  });
});
