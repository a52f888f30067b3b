/** Compare a checkpoint that the reader holds with the states of a record, and say what vouches for it (ledger/verify/history/anchors.py). */
import { b64, equal } from '../../formats/bytes.mjs';
import { NOT_APART } from '../../trust/held.mjs';
import { openCheckpoint } from '../../tlog/note.mjs';
import { Contradiction, Refused } from '../../errors.mjs';
import { proveSplit } from '../exhibits.mjs';
import { signsSize } from '../../trust/trust_folder.mjs';

export const ANCHOR = 'anchor'; // the place that is reported for a checkpoint from outside
export const TYPED = 'ANCHOR-TYPED';

/** Return the held checkpoint; it is weak if it is a note that no key of its log in the policy is shown to have signed. */
export async function openedAnchor(held, policy, trust) {
  if (!held?.note) return held;
  const keys = policy.logs.filter((key) => key.name === held.origin && (!trust || signsSize(trust, key, held.size)));
  try {
    if (keys.length) {
      await openCheckpoint(held.note, held.origin, keys, []);
      return held;
    }
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
  }
  return { ...held, weak: true };
}

/** Return the doubt about a contradiction with a checkpoint that proves nothing against the log. */
export const doubtOf = ({ typed }, where) =>
  typed ? { code: TYPED, where, says: ['anchor-typed-all'] } : { code: 'ANCHOR-MISMATCH', where, says: ['anchor-unsigned'] };

/**
 * Add the held checkpoint to the known ones, `roots` by size; ANCHOR-MISMATCH if it contradicts one of them. Of another
 * log, or weak, it is a doubt. Both roots of a typed one are kept in `book`.
 */
export function compare(held, heads, roots, book) {
  const { origin } = heads.head.checkpoint;
  if (held.origin !== origin) {
    const says = [book.of === 'bundle' ? 'anchor-other' : 'anchor-other-record', held.origin, origin];
    book.doubts.unshift({ code: 'CP-ORIGIN', where: ANCHOR, says });
    return;
  }
  const known = roots.get(held.size);
  if (!known) roots.set(held.size, { root: held.root, where: ANCHOR });
  if (!known || equal(known.root, held.root)) return;
  if (!held.weak) {
    const same = [...heads.all.values()].filter(({ checkpoint }) => checkpoint.size === held.size);
    const pairs = held.note ? same.map(({ signers, note }) => [signers, note, held.note]) : [];
    throw new Contradiction('ANCHOR-MISMATCH', ['anchor-root', held.size, known.where], ANCHOR, () => proveSplit(pairs));
  }
  book.doubts.unshift(held.typed ? toCompare(held, known, book) : doubtOf(held, ANCHOR));
}

function toCompare(held, { root, where }, book) {
  const [typed, here] = [b64(held.root), b64(root)];
  const letters = [...typed].map((letter, n) => (letter === here[n] ? 0 : n + 1)).filter((n) => n);
  book.compared = { size: held.size, typed, here, letters };
  return { code: TYPED, where: ANCHOR, says: ['anchor-typed', letters[0], typed, where, here] };
}

/**
 * Doubts NO_TRUST_ANCHOR unless policy and registrar, or a checkpoint equal to the head, came from outside. What did not
 * come apart from the file vouches for nothing; `came` is null where the reader was not asked.
 */
export function checkAnchored(heads, held, trust, book, came = null) {
  const head = heads?.head.checkpoint;
  const pinned = held && head && held.origin === head.origin && held.size === head.size && equal(held.root, head.root);
  let lack;
  if (!trust && !held) lack = book.of === 'proof' ? 'no-anchor-proof' : 'no-anchor';
  else if (NOT_APART.has(came) && !(pinned && came === 'trust-beside')) lack = NOT_APART.get(came);
  else if (pinned || trust?.registrar) return;
  else lack = trust ? 'no-registrar' : 'anchor-only';
  const [first] = book.doubts;
  const after = first?.where === ANCHOR && [TYPED, 'CP-ORIGIN'].includes(first.code) ? 1 : 0;
  book.doubts.splice(after, 0, { code: 'NO_TRUST_ANCHOR', where: '', says: [lack] });
}
