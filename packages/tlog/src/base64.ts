/**
 * Base64 of RFC 4648, section 4, one spelling a value: padding is required, and spaces, line breaks, the URL alphabet and spare bits
 * that are not zero are refused. What signed text spells in two ways could be changed without breaking the signature.
 */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 61;
const WRONG = 0x80;
const values = new Uint8Array(128).fill(WRONG);
for (let i = 0; i < ALPHABET.length; i += 1) values[ALPHABET.charCodeAt(i)] = i;

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  // Spreading more arguments than this at once overflows the stack.
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}

/** Null when the text is not the one spelling of any bytes. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null;
  if (text.length === 0) return new Uint8Array(0);
  const padding = text.charCodeAt(text.length - 1) !== PAD ? 0 : text.charCodeAt(text.length - 2) !== PAD ? 1 : 2;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let wrong = 0;
  let at = 0;
  // Whole groups of four digits first: this runs over every bundle, and one test at the end is faster than one a digit.
  const whole = padding === 0 ? text.length : text.length - 4;
  for (let i = 0; i < whole; i += 4) {
    const a = digit(text.charCodeAt(i));
    const b = digit(text.charCodeAt(i + 1));
    const c = digit(text.charCodeAt(i + 2));
    const d = digit(text.charCodeAt(i + 3));
    wrong |= a | b | c | d;
    bytes[at] = (a << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | d;
    at += 3;
  }
  if (padding > 0) {
    const a = digit(text.charCodeAt(whole));
    const b = digit(text.charCodeAt(whole + 1));
    const c = padding === 1 ? digit(text.charCodeAt(whole + 2)) : 0;
    wrong |= a | b | c | (padding === 1 ? (c & 0x03 ? WRONG : 0) : b & 0x0f ? WRONG : 0);
    bytes[at] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[at + 1] = (b << 4) | (c >> 2);
  }
  return (wrong & WRONG) === 0 ? bytes : null;
}

/** The value of a digit; {@link WRONG} for any other character. */
function digit(code: number): number {
  return code < 128 ? (values[code] as number) : WRONG;
}
