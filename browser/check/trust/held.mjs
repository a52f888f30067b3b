/** What the reader holds from elsewhere: a checkpoint, typed or from a signed file, and how the trust came (ledger/trust/held.py). */
import { parseAnchor } from './trust_folder.mjs';
import { split } from '../tlog/note.mjs';
import { Refused } from '../errors.mjs';

/** Why trust does not vouch that did not come apart from the file, by how it came; `unsaid`: the reader has not answered. */
export const NOT_APART = new Map([
  ['with', 'came-with'],
  ['beside', 'came-beside'],
  ['trust-beside', 'came-beside'],
  ['unsaid', 'came-unsaid'],
]);

/**
 * Read a held checkpoint, a signed note or its three lines: origin, size, root, `note` (null for three lines), `typed` if
 * a typing error can explain a difference. `confirmed`: the reader has compared what was typed with what is printed.
 * null for null. CP-FORMAT, CP-ORIGIN.
 */
export function parseHeld(bytes, confirmed = false) {
  if (!bytes) return null;
  const checkpoint = parseAnchor(bytes);
  try {
    split(bytes);
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return { ...checkpoint, note: null, typed: !confirmed, weak: !confirmed };
  }
  return { ...checkpoint, note: bytes, typed: false, weak: false };
}
