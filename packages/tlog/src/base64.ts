/**
 * Base64 of RFC 4648, section 4, one spelling a value: padding is required, and spaces, line breaks, the URL alphabet and spare bits
 * that are not zero are refused. What signed text spells in two ways could be changed without breaking the signature.
 */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 61;
const values = new Uint8Array(128).fill(255);
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
  const digits = text.length - padding;
  let [bits, held, at] = [0, 0, 0];
  for (let i = 0; i < digits; i += 1) {
    const value = values[text.charCodeAt(i)] ?? 255;
    if (value === 255) return null;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at] = (bits >> held) & 0xff;
    at += 1;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : null;
}
