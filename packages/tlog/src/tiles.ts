/**
 * Addresses of C2SP tlog-tiles: the tree as static files of 256 hashes, so that anyone can follow the log with a web cache.
 *
 * Tile `n` of tile level `l` holds the perfect nodes of tree level `8 l` with the indices `[256 n, 256 n + width)`. Full tiles never
 * change; a partial one names its width, and is superseded.
 */
import { isSize, type NodePosition, requireSize } from "./tree.ts";

export const TILE_WIDTH = 256;
const LEVELS_A_TILE = 8;

export type Tile = { readonly level: number | "entries"; readonly index: number; readonly width: number };

/** How many hashes (or entries) the tile has in a tree of this size; 0 when it does not exist yet. */
export function tileWidth(level: Tile["level"], index: number, size: number): number {
  requireSize(size);
  const nodes = Math.floor(size / 2 ** (level === "entries" ? 0 : level * LEVELS_A_TILE));
  return Math.max(0, Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH));
}

/**
 * The tile that holds a stored node's hash, or, for levels in between, the hashes below it that it is folded from.
 * @throws RangeError when the node is not yet perfect in a tree of this size.
 */
export function tileOf({ level, index }: NodePosition, size: number): Tile {
  requireSize(size);
  if ((index + 1) * 2 ** level > size) throw new RangeError(`the node ${index} of level ${level} is not complete in a tree of ${size}`);
  const tileLevel = Math.floor(level / LEVELS_A_TILE);
  const tileIndex = Math.floor((index * 2 ** (level % LEVELS_A_TILE)) / TILE_WIDTH);
  return { level: tileLevel, index: tileIndex, width: tileWidth(tileLevel, tileIndex, size) };
}

/** The nodes whose hashes, one after the other, are the content of a tile. */
export function tileNodes({ level, index, width }: Tile): NodePosition[] {
  if (level === "entries") throw new RangeError("a tile of entries holds no hashes");
  return Array.from({ length: width }, (_, i) => ({ level: level * LEVELS_A_TILE, index: index * TILE_WIDTH + i }));
}

/** `tile/0/x001/x234/067`, and for a partial tile `tile/0/x001/x234/067.p/12`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const groups = (digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? []) as string[];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${path}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

/** Null for what is not the one path of any tile. */
export function parseTilePath(path: string): Tile | null {
  const [, level, groups, partial] = PATH.exec(path) ?? [];
  if (level === undefined || groups === undefined) return null;
  const index = Number(groups.replace(/[x/]/g, ""));
  const tile: Tile = {
    level: level === "entries" ? level : Number(level),
    index,
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  };
  return isSize(index) && tilePath(tile) === path ? tile : null;
}

/** The content of a tile of entries: each entry behind its length as a big-endian uint16. @throws RangeError for a longer entry. */
export function entryTile(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > 0xffff) throw new RangeError("an entry has at most 65,535 bytes");
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

const PATH =
  /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$/;
