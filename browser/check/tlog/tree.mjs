/**
 * Check proofs of RFC 6962 trees and read tlog-proof files, as ledger/tlog/tree.py does. The algorithms are those of
 * RFC 9162.
 */
import { concat, decimal, equal, hex, latin1, unb64 } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { sha256 } from '../../libraries.mjs';

const LARGEST = 1n << 63n;
const LARGEST_PROOF = 131_072; // bytes of a proof file

const leaves = new WeakMap(); // by the bytes of an entry
const nodes = new Map(); // by the two hashes below: the paths of a bundle share most of theirs
const MOST_NODES = 100_000; // kept

export function leafHash(entry) {
  if (!leaves.has(entry)) leaves.set(entry, sha256(concat([0], entry)));
  return leaves.get(entry);
}

export function nodeHash(left, right) {
  const below = latin1(left) + latin1(right);
  if (nodes.size > MOST_NODES) nodes.clear();
  if (!nodes.has(below)) nodes.set(below, sha256(concat([1], left, right)));
  return nodes.get(below);
}

/** Check that `path` leads from `leaf` as entry `index` to `root` at `size`, both BigInt. PRF-INDEX, PRF-PATH. */
export function checkInclusion(index, size, leaf, path, root) {
  if (!(index < size && size < LARGEST)) throw new Refused('PRF-INDEX', ['index-beyond', index, size]);
  checkHashes('PRF-PATH', leaf, root, ...path);
  let [fn, sn, reached] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (sn === 0n) throw new Refused('PRF-PATH', ['path-long', path.length, index, size]);
    if (fn & 1n || fn === sn) {
      reached = nodeHash(sibling, reached);
      while (fn && !(fn & 1n)) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      reached = nodeHash(reached, sibling);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn) throw new Refused('PRF-PATH', ['path-short', path.length, index, size]);
  if (!equal(reached, root)) {
    const [there, here] = [hex(reached).slice(0, 8), hex(root).slice(0, 8)];
    throw new Refused('PRF-PATH', ['path-elsewhere', path.length, there, size, here]);
  }
}

/**
 * Check by `path` that the tree of `m` with `rootM` is a prefix of the tree of `n` with `rootN`. CP-CONSISTENCY.
 */
export function checkConsistency(m, n, rootM, rootN, path) {
  if (!(0n < m && m <= n && n < LARGEST)) throw new Refused('CP-CONSISTENCY', ['consistency-sizes', m, n]);
  if (m === n) {
    if (path.length || !equal(rootM, rootN)) throw new Refused('CP-CONSISTENCY', ['consistency-equal', n]);
    return;
  }
  checkHashes('CP-CONSISTENCY', rootM, rootN, ...path);
  if (!path.length) throw new Refused('CP-CONSISTENCY', ['consistency-empty', m, n]);
  const [first, ...rest] = m & (m - 1n) ? path : [rootM, ...path]; // at a power of two the old tree is a node
  let [fn, sn] = [m - 1n, n - 1n];
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [old, now] = [first, first];
  for (const sibling of rest) {
    if (sn === 0n) throw new Refused('CP-CONSISTENCY', ['consistency-long', path.length, m, n]);
    if (fn & 1n || fn === sn) {
      [old, now] = [nodeHash(sibling, old), nodeHash(sibling, now)];
      while (fn && !(fn & 1n)) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      now = nodeHash(now, sibling);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn || !equal(old, rootM) || !equal(now, rootN)) throw new Refused('CP-CONSISTENCY', ['consistency-wrong', n, m]);
}

/** Return the RFC 6962 root over at least one leaf hash. */
export function rootOver(leaves) {
  if (leaves.length === 1) return leaves[0];
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(rootOver(leaves.slice(0, half)), rootOver(leaves.slice(half)));
}

/** Check that every hash has 32 bytes; else refuse with `code`. */
export function checkHashes(code, ...hashes) {
  if (hashes.some((each) => each.length !== 32)) throw new Refused(code, ['hash-size']);
}

/** Parse a tlog-proof file (c2sp.org/tlog-proof) without checking its proof; PRF-FORMAT. */
export function parseProof(bytes) {
  const text = latin1(bytes.subarray(0, LARGEST_PROOF + 1));
  const blank = text.indexOf('\n\n');
  if (bytes.length > LARGEST_PROOF || text.includes('\r') || text.split('\n').some((line) => line.length > 4096)) {
    throw new Refused('PRF-FORMAT', ['proof-large']);
  }
  if (blank < 0 || blank + 2 === text.length) throw new Refused('PRF-FORMAT', ['proof-parts']);
  const [header, ...lines] = text.slice(0, blank).split('\n');
  try {
    if (header !== 'c2sp.org/tlog-proof@v1') throw new RangeError('header');
    if (lines[0]?.startsWith('extra') && !unb64(after('extra ', lines.shift())).length) throw new RangeError('extra');
    const index = decimal(after('index ', lines.shift()));
    const path = lines.map(unb64);
    if (path.length > 63 || path.some((each) => each.length !== 32)) throw new RangeError('path');
    return { index, path, note: bytes.subarray(blank + 2) };
  } catch {
    throw new Refused('PRF-FORMAT', ['proof-lines']);
  }
}

function after(word, line) {
  if (!line?.startsWith(word)) throw new RangeError(word);
  return line.slice(word.length);
}
