/**
 * Check proofs of subtrees, as ledger/tlog/subtree.py does: ranges of entries that can be a node of a tree.
 *
 * Source: draft-ietf-plants-merkle-tree-certs-03, section 4. Indexes and sizes are BigInt.
 */
import { equal } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { checkHashes, checkInclusion, nodeHash } from './tree.mjs';

const LARGEST = 1n << 63n;

/** Return true if the entries from `start` to before `end` are a subtree. */
export function isSubtree(start, end) {
  if (!(0n <= start && start < end && end < LARGEST)) return false;
  let power = 1n;
  while (power < end - start) power <<= 1n;
  return start % power === 0n;
}

/** Check that the entries from `start` to before `end` are a subtree. SUB-FORMAT. */
export function checkSubtree(start, end) {
  if (!isSubtree(start, end)) throw new Refused('SUB-FORMAT', ['subtree-range', start, end]);
}

/** Check that `path` leads from `leaf` as entry `index` of the log to the root of a subtree. SUB-FORMAT, PRF-INDEX, PRF-PATH. */
export function checkSubtreeInclusion(index, start, end, leaf, path, subtree) {
  checkSubtree(start, end);
  if (!(start <= index && index < end)) throw new Refused('PRF-INDEX', ['subtree-index', index, start, end]);
  checkInclusion(index - start, end - start, leaf, path, subtree);
}

/** Check that the tree with `root` has the entries of the subtree with root `subtree` in its place. SUB-FORMAT, SUB-PATH. */
export function checkSubtreeConsistency(start, end, size, subtree, root, path) {
  checkSubtree(start, end);
  if (!(end <= size && size < LARGEST)) throw new Refused('SUB-PATH', ['subtree-end', size, end]);
  checkHashes('SUB-PATH', subtree, root, ...path);
  let [fn, sn, tn] = [start, end - 1n, size - 1n];
  const up = () => ([fn, sn, tn] = [fn >> 1n, sn >> 1n, tn >> 1n]);
  while (fn !== sn && (sn === tn || sn & 1n)) up();
  const known = fn === sn; // the verifier has the first hash: it is the subtree
  if (!known && !path.length) throw new Refused('SUB-PATH', ['subtree-empty', start, end, size]);
  let [small, large] = known ? [subtree, subtree] : [path[0], path[0]];
  for (const sibling of known ? path : path.slice(1)) {
    if (tn === 0n) throw new Refused('SUB-PATH', ['subtree-long', path.length, start, end, size]);
    if (sn & 1n || sn === tn) {
      if (fn < sn) small = nodeHash(sibling, small);
      large = nodeHash(sibling, large);
      while (!(sn & 1n)) up();
    } else {
      large = nodeHash(large, sibling);
    }
    up();
  }
  if (tn || !equal(small, subtree) || !equal(large, root)) {
    throw new Refused('SUB-PATH', ['subtree-wrong', size, start, end]);
  }
}
