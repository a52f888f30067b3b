/**
 * Check proofs of a Merkle Patricia tree, the map of heads, as ledger/tlog/patricia_tree.py does.
 *
 * A leaf is SHA-256(key || value), an inner node SHA-256(left || right || position). A proof is `mptproof` and a tag:
 * 0 for the empty tree, 1 for a value and steps, 2 for another key, its value and steps. A step is a position and a hash.
 */
import { bySize, concat, encoded, equal, hex } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { sha256 } from '../../libraries.mjs';

const WORD = encoded('mptproof');
const [HASH, STEP] = [32, 33]; // bytes
const LARGEST_MAP_PROOF = WORD.length + 1 + HASH + STEP * 256; // bytes

/** Return the value that `key` has under `root`, null if it has none: the proof shows either. MAP-FORMAT, MAP-PATH. */
export function checkLookup(key, proof, root) {
  if (key.length !== HASH || root.length !== HASH) throw new Refused('MAP-FORMAT', ['map-size']);
  const { other, value, steps } = parsed(proof);
  if (!value) {
    lead(sha256(new Uint8Array()), root);
    return null;
  }
  if (other && (equal(other, key) || steps.some(({ position }) => bit(key, position) !== bit(other, position)))) {
    throw new Refused('MAP-PATH', ['map-other-key']);
  }
  let reached = sha256(concat(other ?? key, value));
  for (const { position, sibling } of steps) {
    const [left, right] = bit(key, position) ? [sibling, reached] : [reached, sibling];
    reached = sha256(concat(left, right, [position]));
  }
  lead(reached, root);
  return other ? null : value;
}

/** Return the key of an order id in a map of heads. */
export const orderKey = (order) => sha256(encoded(`comity/order\n${order}`));

/** Return the root of the map of these keys, as [key, value] pairs of 32 bytes each. */
export function rootOfMap(pairs) {
  const sorted = [...pairs].sort(([one], [two]) => bySize(hex(one), hex(two)));
  return sorted.length ? rootBelow(sorted) : sha256(new Uint8Array());
}

/** Return the hash of the node above sorted pairs: they differ first where the first and the last of them do. */
function rootBelow(pairs) {
  const [[first, value], [last]] = [pairs[0], pairs.at(-1)];
  if (pairs.length === 1) return sha256(concat(first, value));
  let position = 0;
  while (bit(first, position) === bit(last, position)) position++;
  const half = pairs.findIndex(([key]) => bit(key, position));
  return sha256(concat(rootBelow(pairs.slice(0, half)), rootBelow(pairs.slice(half)), [position]));
}

/** Read a proof without checking it: `other` is null unless tag 2, `value` null for the empty tree. MAP-FORMAT. */
function parsed(proof) {
  if (proof.length > LARGEST_MAP_PROOF) throw new Refused('MAP-FORMAT', ['map-large', LARGEST_MAP_PROOF]);
  const tag = proof[WORD.length];
  if (!equal(proof.subarray(0, WORD.length), WORD) || !(tag <= 2)) throw new Refused('MAP-FORMAT', ['map-start']);
  const rest = proof.subarray(WORD.length + 1);
  const leaf = HASH * tag;
  if (rest.length < leaf || (rest.length - leaf) % STEP || (!tag && rest.length)) {
    throw new Refused('MAP-FORMAT', ['map-cut']);
  }
  const steps = [];
  for (let at = leaf; at < rest.length; at += STEP) {
    steps.push({ position: rest[at], sibling: rest.subarray(at + 1, at + STEP) });
  }
  if (steps.some(({ position }, n) => n && position >= steps[n - 1].position)) {
    throw new Refused('MAP-FORMAT', ['map-positions']);
  }
  return { other: tag === 2 ? rest.subarray(0, HASH) : null, value: tag ? rest.subarray(leaf - HASH, leaf) : null, steps };
}

function lead(reached, root) {
  if (equal(reached, root)) return;
  throw new Refused('MAP-PATH', ['map-elsewhere', hex(reached).slice(0, 8), hex(root).slice(0, 8)]);
}

/** Return a bit of a key, counted from 0, the most significant bit of the first byte. */
const bit = (key, position) => (key[position >> 3] >> (7 - (position & 7))) & 1;
