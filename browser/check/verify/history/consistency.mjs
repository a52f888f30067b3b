/** Step 6: the signed checkpoints of a log, and one from outside, are of one log (ledger/verify/history/consistency.py). */
import { bySize, equal } from '../../formats/bytes.mjs';
import { ANCHOR, compare, doubtOf } from './anchors.mjs';
import { Refused } from '../../errors.mjs';
import { checkConsistency } from '../../tlog/tree.mjs';
import { hashes } from '../heads.mjs';

/**
 * Check that the tree of every checkpoint is a prefix of the tree of the head, also for `held`, a checkpoint from
 * outside.
 *
 * Two roots of one size are SPLIT-VIEW. A missing proof is a doubt, a wrong one a failure, both CP-CONSISTENCY.
 * Against `held`, all of them are ANCHOR-MISMATCH, and doubts if it proves nothing against the log.
 */
export async function checkHistory(heads, parts, held, book) {
  const roots = new Map();
  for (const [digest, { checkpoint }] of heads.all) {
    const [size, where] = [checkpoint.size, heads.where(digest)];
    const known = roots.get(size);
    if (known && !equal(known.root, checkpoint.root)) {
      throw new Refused('SPLIT-VIEW', ['split-view', size], `${known.where} and ${where}`);
    }
    if (!known) roots.set(size, { root: checkpoint.root, where });
  }
  if (held) compare(held, heads, roots, book);
  const size = heads.head.checkpoint.size;
  let proven = 0;
  for (const [other, { where }] of roots) {
    if (other === size || other === 0n) continue;
    const [m, n] = [other, size].sort(bySize);
    const code = where === ANCHOR ? 'ANCHOR-MISMATCH' : 'CP-CONSISTENCY';
    const proof = parts.consistency.get(`${m}-${n}`);
    if (!proof) {
      book.doubt(code, ['history-unproven', m, n], where);
      continue;
    }
    try {
      checkConsistency(m, n, roots.get(m).root, roots.get(n).root, hashes(proof));
    } catch (wrong) {
      if (!(wrong instanceof Refused)) throw wrong;
      const place = `${heads.folder}/consistency/${m}-${n}`;
      if (where !== ANCHOR || !held.weak) throw new Refused(code, wrong.says, place);
      const doubt = doubtOf(held, place);
      book.doubt(doubt.code, doubt.says, place);
      continue;
    }
    proven++;
  }
  for (const [pair, proof] of parts.consistency) {
    try {
      hashes(proof);
    } catch (wrong) {
      if (!(wrong instanceof Refused)) throw wrong;
      throw new Refused('CP-CONSISTENCY', wrong.says, `${heads.folder}/consistency/${pair}`);
    }
  }
  book.says('history', roots.size, proven);
}
