/**
 * Does an ML-DSA-44 signature hold? FIPS 204, algorithms 3 and 8, with an empty context; the names are the standard's.
 *
 * Only what is public is handled here, so nothing has to take the same time. One implementation, where Ed25519 has two:
 * no browser has a second one yet.
 */
import { concat, equal } from './bytes.mjs';
import { shake128, shake256 } from './keccak.mjs';

const Q = 8_380_417;
const D = 13;
const TAU = 39;
const GAMMA1 = 2 ** 17;
const GAMMA2 = (Q - 1) / 88;
const [K, L] = [4, 4];
const BETA = TAU * 2;
const OMEGA = 80;
const N = 256;
const [CHALLENGE, Z] = [32, 576]; // bytes of the challenge, of one polynomial of the answer
const INVERSE_OF_N = 8_347_681;

const times = (a, b) => (a * b) % Q; // below 2^46, so exact
const modulo = (a) => ((a % Q) + Q) % Q;
const ZETAS = Array.from({ length: N }, (_, n) => {
  let [power, turned] = [1, 0];
  for (let bit = 0; bit < 8; bit++) turned |= ((n >> bit) & 1) << (7 - bit);
  for (let step = 0; step < turned; step++) power = times(power, 1753);
  return power;
});

/** Algorithm 41, in place. */
function ntt(w) {
  for (let [length, m] = [128, 0]; length >= 1; length /= 2) {
    for (let start = 0; start < N; start += 2 * length) {
      const zeta = ZETAS[++m];
      for (let j = start; j < start + length; j++) {
        const t = times(zeta, w[j + length]);
        w[j + length] = modulo(w[j] - t);
        w[j] = modulo(w[j] + t);
      }
    }
  }
  return w;
}

/** Algorithm 42, in place. */
function inverse(w) {
  for (let [length, m] = [1, N]; length < N; length *= 2) {
    for (let start = 0; start < N; start += 2 * length) {
      const zeta = Q - ZETAS[--m];
      for (let j = start; j < start + length; j++) {
        const t = w[j];
        w[j] = modulo(t + w[j + length]);
        w[j + length] = times(zeta, modulo(t - w[j + length]));
      }
    }
  }
  return w.map((each) => times(INVERSE_OF_N, each));
}

/** Numbers of so many bits each, the low bits first. */
function unpacked(bytes, bits) {
  const numbers = [];
  let [held, room] = [0, 0];
  for (const byte of bytes) {
    held += byte * 2 ** room;
    room += 8;
    while (room >= bits) {
      numbers.push(held % 2 ** bits);
      held = Math.floor(held / 2 ** bits);
      room -= bits;
    }
  }
  return numbers;
}

/** Algorithm 30: one polynomial of the matrix. */
function sampled(rho, s, r) {
  const stream = shake128(rho, [s, r]);
  const a = [];
  while (a.length < N) {
    const [low, middle, high] = stream(3);
    const number = low + 2 ** 8 * middle + 2 ** 16 * (high & 127);
    if (number < Q) a.push(number);
  }
  return a;
}

/** Algorithm 29: a polynomial with few coefficients, each 1 or -1. */
function inBall(challenge) {
  const stream = shake256(challenge);
  const signs = unpacked(stream(8), 1);
  const c = new Array(N).fill(0);
  for (let i = N - TAU; i < N; i++) {
    let [j] = stream(1);
    while (j > i) [j] = stream(1);
    c[i] = c[j];
    c[j] = signs[i + TAU - N] ? Q - 1 : 1;
  }
  return c;
}

/** Algorithm 21: where there is a hint, a set for each polynomial; null for bytes in another spelling. */
function hints(y) {
  const found = [];
  let index = 0;
  for (let i = 0; i < K; i++) {
    const end = y[OMEGA + i];
    if (end < index || end > OMEGA) return null;
    const places = y.subarray(index, end);
    if (places.some((place, n) => n && place <= places[n - 1])) return null;
    found.push(new Set(places));
    index = end;
  }
  return y.subarray(index, OMEGA).some((byte) => byte) ? null : found;
}

/** Algorithms 36 and 40: the high bits of r, put right where there is a hint. */
function highBits(r, hint) {
  let low = r % (2 * GAMMA2);
  if (low > GAMMA2) low -= 2 * GAMMA2;
  const top = r - low === Q - 1;
  const high = top ? 0 : (r - low) / (2 * GAMMA2);
  if (!hint) return high;
  return (high + ((top ? low - 1 : low) > 0 ? 1 : 43)) % 44;
}

/** Numbers of six bits each as bytes. */
function packed(numbers) {
  const bytes = [];
  for (let n = 0; n < numbers.length; n += 4) {
    const four = numbers[n] + (numbers[n + 1] << 6) + (numbers[n + 2] << 12) + (numbers[n + 3] << 18);
    bytes.push(four & 255, (four >> 8) & 255, four >> 16);
  }
  return bytes;
}

const keys = new Map(); // text of a key -> its matrix and t1, in the NTT domain, and the digest of the key

function opened(key) {
  const name = key.join();
  if (!keys.has(name)) {
    const rho = key.subarray(0, 32);
    const rows = Array.from({ length: K }, (_, r) => Array.from({ length: L }, (_, s) => sampled(rho, s, r)));
    const t1 = unpacked(key.subarray(32), 10).map((each) => each * 2 ** D);
    const t = Array.from({ length: K }, (_, n) => ntt(t1.slice(n * N, (n + 1) * N)));
    keys.set(name, { rows, t, digest: shake256(key)(64) });
  }
  return keys.get(name);
}

/** True if `signature` (2420 bytes) over `message` holds under `key` (1312 bytes). */
export function verifyMlDsa(key, message, signature) {
  const challenge = signature.subarray(0, CHALLENGE);
  const answer = unpacked(signature.subarray(CHALLENGE, CHALLENGE + L * Z), 18).map((each) => GAMMA1 - each);
  const hinted = hints(signature.subarray(CHALLENGE + L * Z));
  if (!hinted || answer.some((each) => Math.abs(each) >= GAMMA1 - BETA)) return false;
  const { rows, t, digest } = opened(key);
  const mu = shake256(digest, [0, 0], message)(64);
  const z = Array.from({ length: L }, (_, n) => ntt(answer.slice(n * N, (n + 1) * N).map(modulo)));
  const c = ntt(inBall(challenge));
  const w = rows.map((row, r) => {
    const sum = c.map((each, n) => row.reduce((all, a, s) => (all + a[n] * z[s][n]) % Q, Q - times(each, t[r][n])));
    return inverse(sum).map((each, n) => highBits(each, hinted[r].has(n)));
  });
  return equal(challenge, shake256(mu, concat(...w.map(packed)))(CHALLENGE));
}
