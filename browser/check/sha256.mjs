/**
 * SHA-256, FIPS 180-4, for the many small inputs of a Merkle tree: the browser's own digest takes fifty times as long
 * to be asked as to answer. Large files are digested by the browser (`digestOfFile`).
 */
import { hex } from './bytes.mjs';

const primes = (count) => {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
};

/** The first 32 bits behind the point of the root of a small prime, 4.2.2 and 5.3.3, from whole numbers alone. */
const behindThePoint = (prime, power) => {
  const wanted = BigInt(prime) << BigInt(32 * power);
  let [low, high] = [0n, 1n << 37n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** BigInt(power) <= wanted) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
};

const ROUND = Uint32Array.from(primes(64), (prime) => behindThePoint(prime, 3));
const START = Uint32Array.from(primes(8), (prime) => behindThePoint(prime, 2));

const turned = (word, by) => (word >>> by) | (word << (32 - by));

const words = new Uint32Array(64); // the message schedule of the block under way, 6.2.2

/** The 32 bytes of the SHA-256 of `bytes`. */
export function sha256(bytes) {
  const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  const view = new DataView(padded.buffer);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const state = START.slice();
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t++) words[t] = view.getUint32(block + 4 * t);
    for (let t = 16; t < 64; t++) {
      const far = words[t - 15];
      const near = words[t - 2];
      const s0 = turned(far, 7) ^ turned(far, 18) ^ (far >>> 3);
      const s1 = turned(near, 17) ^ turned(near, 19) ^ (near >>> 10);
      words[t] = words[t - 16] + s0 + words[t - 7] + s1;
    }
    compress(state);
  }
  for (let n = 0; n < 8; n++) view.setUint32(4 * n, state[n]);
  return padded.slice(0, 32);
}

function compress(state) {
  let a = state[0],
    b = state[1],
    c = state[2],
    d = state[3];
  let e = state[4],
    f = state[5],
    g = state[6],
    h = state[7];
  for (let t = 0; t < 64; t++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[t] + words[t]) | 0;
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const SMALL = 16_384; // bytes; up to here it is quicker than to ask the browser

/** The SHA-256 of a whole file in hex, of a larger one by the browser itself. */
export async function digestOfFile(bytes) {
  return hex(bytes.length <= SMALL ? sha256(bytes) : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
