/** Read from the register which key of a log signs which sizes, as in ledger/entries/log_keys.py. */
import { bySize } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { ED25519, MLDSA44, parseVkey } from '../tlog/note.mjs';

export const ROTATED = 'log-key-rotated';
export const LOG_ALGORITHMS = new Map([
  [ED25519, 'Ed25519'],
  [MLDSA44, 'ML-DSA-44'],
]);

/**
 * Return the keys that the public values of rotations name: by type of signature, the vkey by its first size (BigInt).
 * Without a rotation of the Ed25519 key its map is empty. A malformed key is left out.
 */
export function keyStarts(rotations) {
  const starts = new Map([...LOG_ALGORITHMS.keys()].map((type) => [type, new Map()]));
  for (const said of rotations) {
    const key = said.get('new_key');
    const mine = starts.get(typeOf(key));
    if (!mine) continue;
    if (typeOf(key) === ED25519 && !mine.has(0n)) mine.set(0n, said.get('old_key'));
    mine.set(BigInt(said.get('from_size')), key);
  }
  return starts;
}

/** Return the key in force at a size; undefined below the first size. */
export const keyAt = (starts, size) => starts.get([...starts.keys()].filter((first) => first <= size).sort(bySize).at(-1));

function typeOf(vkey) {
  try {
    return parseVkey(vkey).type;
  } catch (wrong) {
    if (wrong instanceof Refused) return undefined;
    throw wrong;
  }
}
