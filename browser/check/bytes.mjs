/** Bytes and their spellings: hex, base64, UTF-8, numbers. Each has one spelling; every other one is an error. */

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that bytes spell in UTF-8, a byte order mark included; TypeError if they spell none. */
export const utf8 = (bytes) => UTF8.decode(bytes);

/** The bytes of a text in UTF-8. */
export const encoded = (text) => new TextEncoder().encode(text);

/** One character for each byte, U+0000 to U+00FF: for formats that are ASCII, and for comparing. */
export function latin1(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192));
  }
  return text;
}

/** The bytes behind such a text. */
export function unlatin1(text) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two lower-case hex digits for each byte. */
export function hex(bytes) {
  let digits = '';
  for (const byte of bytes) digits += PAIRS[byte];
  return digits;
}

/** The bytes of an even number of hex digits; whether they are digits is for the caller to have looked at. */
export const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export const b64 = (bytes) => btoa(latin1(bytes));

/** The bytes that `b64` spells as `text`; an error for any other spelling (white space, stray bits, padding). */
export function unb64(text) {
  const bytes = atob(text);
  if (btoa(bytes) !== text) throw new RangeError('not canonical base64');
  return unlatin1(bytes);
}

export const b64url = (bytes) => b64(bytes).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

/** The bytes that `b64url` spells as `text`; an error for any other spelling. */
export function unb64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new RangeError('not base64url');
  const padded = text + '='.repeat((4 - (text.length % 4)) % 4);
  return unb64(padded.replaceAll('-', '+').replaceAll('_', '/'));
}

/** A number below 2^63 in ASCII digits without leading zeros, as BigInt; an error otherwise. */
export function decimal(text) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) >= 1n << 63n) throw new RangeError('no canonical decimal');
  return BigInt(text);
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Compares texts by code points, as Python sorts them. */
export function byCodePoint(a, b) {
  const [one, other] = [Array.from(a, (c) => c.codePointAt(0)), Array.from(b, (c) => c.codePointAt(0))];
  const at = one.findIndex((point, n) => point !== other[n]);
  return at < 0 ? one.length - other.length : other[at] === undefined ? 1 : one[at] - other[at];
}

/** Compares numbers, BigInt or not. */
export const bySize = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
