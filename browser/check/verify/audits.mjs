/**
 * The statements of auditors that the policy names, as ledger/verify/audits/statements.py reads them: which entries of the
 * log each one checked. A missing statement is not proven, a false one is a finding.
 */
import { Refused } from '../errors.mjs';
import { checkAudited, covered, namedStatement } from '../tlog/audit_statement.mjs';
import { keysIn } from '../tlog/note.mjs';
import { hashes } from './heads.mjs';

const [STATEMENT, NOTE, PROOF] = ['.statement', '.note', '.proof'];
const MOST = 256; // notes that are read
const EMPTY = new Uint8Array();

/**
 * Return what the auditors of the policy (null for none) state of the tree `checkpoint`: {name, auditor, statement, ranges},
 * with ranges [start, end]; without any, `statement` is null. CMP-AUDIT-WRONG, CMP-NOT-AUDITED.
 */
export function checkAudits(files, policy, checkpoint, book) {
  const auditors = [...(policy?.auditors ?? [])];
  const notes = [...files.keys()].filter((name) => name.endsWith(NOTE)).sort();
  const audited = [];
  let aside = 0;
  for (const note of notes.slice(0, MOST)) {
    const signers = signersOf(files.get(note), auditors);
    if (!signers.length) aside++;
    for (const [name, key] of signers) {
      try {
        const text = files.get(`${namedStatement(key).digest}${STATEMENT}`) ?? EMPTY;
        const path = hashes(files.get(`${note.slice(0, -NOTE.length)}${PROOF}`) ?? EMPTY);
        audited.push(checkAudited(files.get(note), text, key, checkpoint, path));
      } catch (wrong) {
        if (!(wrong instanceof Refused)) throw wrong;
        book.remark('CMP-AUDIT-WRONG', ['audit-wrong', name, wrong.code, wrong.says]);
      }
    }
  }
  const stated = auditors.map(([name, key]) => ({
    name,
    auditor: namedStatement(key).auditor,
    statement: audited.find((each) => each.key === key)?.statement ?? null,
    ranges: covered(audited, key, checkpoint),
  }));
  for (const { name, ranges } of stated) {
    const gaps = gapsOf(ranges, checkpoint.size);
    const one = gaps.length === 1 && gaps[0][1] - gaps[0][0] === 1n;
    if (gaps.length) book.notProven.push([one ? 'unproven-audit-entry' : 'unproven-audit', name, gaps.map(ranged).join(', ')]);
  }
  if (aside) book.notProven.push(['unproven-auditors', aside]);
  if (notes.length > MOST) book.notProven.push(['unproven-audits', notes.length - MOST, MOST]);
  return stated;
}

/** Return the entries from `start` to before `end` in words. */
export const ranged = ([start, end]) => (end - start === 1n ? `${start}` : `${start}-${end - 1n}`);

/** Return the auditors, by name, who computed the map of heads that the entry at `index` commits. */
export const recomputedBy = (stated, index) =>
  stated
    .filter(({ statement, ranges: [first] }) => statement?.checks.includes('map-roots') && first[0] === 0n && first[1] > index)
    .map(({ name }) => name);

/** Return the auditors in whose name a note has a line; none for what is no note. */
function signersOf(note, auditors) {
  try {
    const signed = keysIn(note, auditors.map(([, key]) => key));
    return auditors.filter(([, key]) => signed.includes(key));
  } catch (wrong) {
    if (wrong instanceof Refused) return [];
    throw wrong;
  }
}

/** Return the ranges [start, end] of the first `size` entries that `ranges` leave out. */
function gapsOf(ranges, size) {
  const ends = [0n, ...ranges.map(([, end]) => end)];
  const starts = [...ranges.map(([start]) => start), size];
  return ends.map((end, n) => [end, starts[n]]).filter(([end, start]) => end < start);
}
