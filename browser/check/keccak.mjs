/** SHAKE128 and SHAKE256 (FIPS 202): bytes without end out of bytes; no browser has them. */
import { concat } from './bytes.mjs';

const MASK = (1n << 64n) - 1n;
const ROUNDS = 24;

const rotated = (lane, by) => ((lane << by) | (lane >> (64n - by))) & MASK;

/** What is added in each round, and how far each lane turns, as FIPS 202 derives them (3.2.2, 3.2.5). */
const [CONSTANTS, TURNS] = derived();

function derived() {
  const constants = [];
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    let constant = 0n;
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
    constants.push(constant);
  }
  const turns = new Array(25).fill(0n);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    turns[x + 5 * y] = BigInt((((t + 1) * (t + 2)) / 2) % 64);
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return [constants, turns];
}

function permute(lanes) {
  for (const constant of CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map((x) => lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]);
    const moved = new Array(25);
    for (let x = 0; x < 5; x++) {
      const mixed = columns[(x + 4) % 5] ^ rotated(columns[(x + 1) % 5], 1n);
      for (let y = 0; y < 5; y++) {
        moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotated(lanes[x + 5 * y] ^ mixed, TURNS[x + 5 * y]);
      }
    }
    for (let n = 0; n < 25; n++) {
      const [row, x] = [n - (n % 5), n % 5];
      lanes[n] = moved[n] ^ (moved[row + ((x + 1) % 5)] ^ MASK) & moved[row + ((x + 2) % 5)];
    }
    lanes[0] ^= constant;
  }
}

/** Endless bytes: a function that gives the next so many of them each time it is asked. */
const shake = (rate) => (...parts) => {
  const message = concat(...parts);
  const padded = new Uint8Array(Math.ceil((message.length + 1) / rate) * rate);
  padded.set(message);
  padded[message.length] ^= 0x1f;
  padded[padded.length - 1] ^= 0x80;
  const lanes = new BigUint64Array(25);
  const bytes = new DataView(padded.buffer);
  for (let block = 0; block < padded.length; block += rate) {
    for (let n = 0; n < rate / 8; n++) lanes[n] ^= bytes.getBigUint64(block + 8 * n, true);
    permute(lanes);
  }
  const out = new Uint8Array(rate);
  let at = rate;
  const next = () => {
    if (at === rate) {
      if (next.begun) permute(lanes);
      next.begun = true;
      const view = new DataView(out.buffer);
      for (let n = 0; n < rate / 8; n++) view.setBigUint64(8 * n, lanes[n], true);
      at = 0;
    }
    return out[at++];
  };
  return (count) => Uint8Array.from({ length: count }, next);
};

export const shake128 = shake(168);
export const shake256 = shake(136);
