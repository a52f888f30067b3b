/** Bytes as hex, base64, UTF-8 and numbers. Each value has one accepted encoding; any other is an error. */

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decode UTF-8, keeping a byte order mark; TypeError if the bytes are not UTF-8. */
export const utf8 = (bytes) => UTF8.decode(bytes);

/** Encode a text as UTF-8. */
export const encoded = (text) => new TextEncoder().encode(text);

/** Return one character for each byte, U+0000 to U+00FF: for ASCII formats, and for comparing. */
export function latin1(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192));
  }
  return text;
}

/** Return the bytes of a text that `latin1` made. */
export function unlatin1(text) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Return two lower-case hex digits for each byte. */
export function hex(bytes) {
  let digits = '';
  for (const byte of bytes) digits += PAIRS[byte];
  return digits;
}

/** Decode an even number of hex digits; the caller has checked that they are digits. */
export const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export const b64 = (bytes) => btoa(latin1(bytes));

/** Decode base64; an error unless `b64` encodes the bytes as `text` again (white space, stray bits, padding). */
export function unb64(text) {
  const bytes = atob(text);
  if (btoa(bytes) !== text) throw new RangeError('not canonical base64');
  return unlatin1(bytes);
}

export const b64url = (bytes) => b64(bytes).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

/** Decode base64url; an error unless `b64url` encodes the bytes as `text` again. */
export function unb64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new RangeError('not base64url');
  const padded = text + '='.repeat((4 - (text.length % 4)) % 4);
  return unb64(padded.replaceAll('-', '+').replaceAll('_', '/'));
}

/** Parse a number below 2^63, in ASCII digits without leading zeros, as BigInt; an error otherwise. */
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

/** Compare texts by code points, as Python sorts them. */
export function byCodePoint(a, b) {
  const [one, other] = [Array.from(a, (c) => c.codePointAt(0)), Array.from(b, (c) => c.codePointAt(0))];
  const at = one.findIndex((point, n) => point !== other[n]);
  return at < 0 ? one.length - other.length : other[at] === undefined ? 1 : one[at] - other[at];
}

/** Compare numbers, BigInt or not. */
export const bySize = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
