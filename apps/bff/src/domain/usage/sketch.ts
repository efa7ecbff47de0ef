/**
 * A quantile sketch that merges: DDSketch (C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
 * relative-error guarantees", VLDB 2019). Any quantile is within {@link RELATIVE_ACCURACY} of the exact one, whatever was merged in what
 * order: a sketch is only counts by bucket, and merging adds them, so it is associative and commutative to the last byte.
 *
 * Bounded without collapsing buckets: values are milliseconds and are clamped to [{@link VALUE_MIN}, {@link VALUE_MAX}], which is some
 * seven hundred buckets at most; in practice a series needs a few dozen, two to three bytes each.
 *
 * Bytes, version 1: `1`, then varints: count of zeros, number of buckets, then for each bucket in rising order the distance of its index
 * to the one before (the first zigzagged) and its count.
 */
export const RELATIVE_ACCURACY = 0.02;
/** A microsecond: what is shorter counts as zero. */
export const VALUE_MIN = 1e-3;
/** Over three months; what is longer counts as that. */
export const VALUE_MAX = 1e10;

const VERSION = 1;
const GAMMA = (1 + RELATIVE_ACCURACY) / (1 - RELATIVE_ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);

export class Sketch {
  readonly #buckets: Map<number, number>;
  #zeros: number;

  constructor(buckets: Map<number, number> = new Map(), zeros = 0) {
    this.#buckets = buckets;
    this.#zeros = zeros;
  }

  /** @throws RangeError on bytes that are no sketch of this version. */
  static decode(bytes: Uint8Array): Sketch {
    const reader = new Reader(bytes);
    const version = reader.varint();
    if (version !== VERSION) throw new RangeError(`A sketch of version ${version} cannot be read`);
    const zeros = reader.varint();
    const buckets = new Map<number, number>();
    let index = 0;
    for (let left = reader.varint(), first = true; left > 0; left -= 1, first = false) {
      const distance = reader.varint();
      index = first ? (distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2) : index + distance;
      buckets.set(index, reader.varint());
    }
    reader.end();
    return new Sketch(buckets, zeros);
  }

  /** Counts a value in milliseconds. */
  add(value: number): void {
    if (!(value >= VALUE_MIN)) {
      this.#zeros += 1;
      return;
    }
    const index = Math.ceil(Math.log(Math.min(value, VALUE_MAX)) / LOG_GAMMA);
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + 1);
  }

  merge(other: Sketch): void {
    this.#zeros += other.#zeros;
    for (const [index, count] of other.#buckets) this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + count);
  }

  get count(): number {
    let count = this.#zeros;
    for (const bucket of this.#buckets.values()) count += bucket;
    return count;
  }

  /** The value below which the share `q` of what was counted lies (the lower of two, as the paper has it); null when nothing was. */
  quantile(q: number): number | null {
    const count = this.count;
    if (count === 0) return null;
    const rank = q * (count - 1);
    let seen = this.#zeros;
    if (seen > rank) return 0;
    for (const [index, bucket] of this.#sorted()) {
      seen += bucket;
      if (seen > rank) return (2 * GAMMA ** index) / (GAMMA + 1);
    }
    return null;
  }

  encode(): Buffer {
    const sorted = this.#sorted();
    const out: number[] = [];
    writeVarint(out, VERSION);
    writeVarint(out, this.#zeros);
    writeVarint(out, sorted.length);
    let before: number | null = null;
    for (const [index, count] of sorted) {
      writeVarint(out, before === null ? (index >= 0 ? index * 2 : -index * 2 - 1) : index - before);
      writeVarint(out, count);
      before = index;
    }
    return Buffer.from(out);
  }

  #sorted(): [number, number][] {
    return [...this.#buckets].sort(([a], [b]) => a - b);
  }
}

/** One sketch of many encoded ones. */
export function mergeSketches(parts: Iterable<Uint8Array | null>): Sketch {
  const merged = new Sketch();
  for (const part of parts) if (part !== null) merged.merge(Sketch.decode(part));
  return merged;
}

/** LEB128 without bit operations, so that counts beyond 32 bits keep their value. */
function writeVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || scale > 2 ** 49) throw new RangeError("A sketch ends in the middle");
      this.#at += 1;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError("A sketch goes on after its end");
  }
}
