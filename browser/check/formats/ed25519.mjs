/**
 * Verify Ed25519 signatures as libsodium does, by two implementations.
 *
 * Implementations differ on unusual points. Such points are refused first, by the rules of libsodium
 * (`ge25519_is_canonical`, `ge25519_has_small_order`, `sc25519_is_canonical`). The rest is the equation of RFC 8032
 * without the cofactor. Both the browser and a few lines on the points of @noble/ed25519 evaluate it. If they
 * disagree, nothing is proven either way.
 */
import { concat, equal, hex } from './bytes.mjs';
import { Refused } from '../errors.mjs';
import { Point } from '../../libraries.mjs';

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n; // of the base point

// The y of every point of small order and every y + p that fits: libsodium's list in `ge25519_has_small_order`.
const OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const SMALL = new Set([0n, 1n, OF_ORDER_8, P - OF_ORDER_8, P - 1n, P, P + 1n]);

const littleEndian = (bytes) => BigInt(`0x${hex(bytes.slice().reverse())}`);

/** Return the y of an encoded point, without the sign of x. */
const yOf = (bytes) => littleEndian(bytes) & (2n ** 255n - 1n);

const isSmall = (bytes) => SMALL.has(yOf(bytes));

/** Decode a point of 32 bytes; null if it is none, has small order, or is not canonical. */
function fitPoint(bytes) {
  if (yOf(bytes) >= P || isSmall(bytes)) return null;
  try {
    return Point.fromBytes(bytes, true);
  } catch {
    return null;
  }
}

/** Return true if `key` is a canonical point of prime order, fit to be enrolled or named in a policy. */
export function enrolable(key) {
  const point = key.length === 32 ? fitPoint(key) : null;
  return point !== null && point.isTorsionFree();
}

/** Return true if libsodium accepts the 64-byte signature by the raw key; SIG-DISAGREE if the implementations differ. */
export async function verifySignature(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  const { multiples, imported } = knownKey(key);
  if (s >= ORDER || multiples === null || isSmall(r)) return false;
  const [theirs, ours] = await Promise.all([
    askBrowser(await imported, message, signature),
    equationHolds(r, s, multiples, concat(r, key, message)),
  ]);
  if (theirs !== null && theirs !== ours) throw new Refused('SIG-DISAGREE', ['signature-disagree']);
  return ours;
}

/** Return the answer of the browser's Ed25519; null where it has none. */
const askBrowser = async (key, message, signature) => key && crypto.subtle.verify('Ed25519', key, signature, message);

/** [S]B - [k]A = R, compared as bytes. */
async function equationHolds(r, s, multiples, hashed) {
  const k = littleEndian(new Uint8Array(await crypto.subtle.digest('SHA-512', hashed))) % ORDER;
  const reached = Point.BASE.multiply(s, false).subtract(times(multiples, k));
  return equal(reached.toBytes(), r);
}

const known = new Map();

/** Prepare a key once: most keys sign often. A point of small order or not canonical gets no multiples. */
function knownKey(key) {
  const name = hex(key);
  if (!known.has(name)) {
    const point = fitPoint(key);
    const multiples = point && multiplesOf(point);
    known.set(name, { point, multiples, imported: multiples && importKey(key), asked: 0 });
  }
  const found = known.get(name);
  if (found.multiples && ++found.asked === OFTEN) found.multiples = multiplesOf(found.point, 8);
  return found;
}

/** Import a key for the browser's Ed25519; null where it has none. */
const importKey = async (key) =>
  (await browserHasEd25519()) ? crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']) : null;

const OFTEN = 150; // signatures by one key, after which a longer table of multiples pays

/** Return [d * 2^(bits * n)]A for every digit d of `bits` bits, at every place n. */
function multiplesOf(point, bits = 4) {
  return Array.from({ length: 256 / bits }, () => {
    const digits = [Point.ZERO];
    while (digits.length < 2 ** bits) digits.push(digits.at(-1).add(point));
    point = digits.at(-1).add(point);
    return digits;
  });
}

/** Compute [k]A, digit by digit. */
function times(multiples, k) {
  const size = multiples[0].length === 256 ? 2 : 1; // in hex
  const spelled = k.toString(16).padStart(64, '0');
  return multiples.reduce((sum, digits, place) => {
    const digit = parseInt(spelled.slice(64 - size * (place + 1), 64 - size * place), 16);
    return digit ? sum.add(digits[digit]) : sum;
  }, Point.ZERO);
}

// The public key of the first example in RFC 8032, 7.1.
const ANY_KEY = Uint8Array.from(atob('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='), (c) => c.charCodeAt(0));
let native = null;

/** Return true if this browser implements Ed25519: Chromium 137, Firefox 129, Safari 17. */
export function browserHasEd25519() {
  native ??= crypto.subtle.importKey('raw', ANY_KEY, 'Ed25519', false, ['verify']).then(
    () => true,
    () => false,
  );
  return native;
}
