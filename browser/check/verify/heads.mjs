/** Steps 2 and 4 to 6: the policy, the signed checkpoints of the log, their witnesses, and their consistency. */
import { equal, latin1, unb64 } from '../formats/bytes.mjs';
import { POLICY, folderOf } from '../bundle/layout.mjs';
import { keysIn, noteDigest, openCheckpoint } from '../tlog/note.mjs';
import { parsePolicy } from '../tlog/policy.mjs';
import { Refused, Undecided, placed } from '../errors.mjs';
import { wire } from '../shape.mjs';
import { signsSize } from '../trust/trust_folder.mjs';

export const DRIFT = 300; // seconds between honest clocks
const LARGEST_PROOF = 8_192; // bytes: a tree of 2^63 entries needs fewer than 128 hashes of 45

/**
 * The checkpoints of the log in a bundle: `head` is the one that every proof leads to, `all` has every one by the
 * digest of its note, each with the keys of the log that signed it.
 */
class Heads {
  constructor(folder, headDigest, all) {
    Object.assign(this, { folder, headDigest, all, head: all.get(headDigest) });
  }

  /** Return the path of a note in the bundle. */
  where(digest) {
    return digest === this.headDigest ? `${this.folder}/checkpoint` : `${this.folder}/heads/${digest}`;
  }
}

// -- step 2 -----------------------------------------------------------------------------------------------------------

/** Return the policy of the verifier; without one, for information only, the copy in the bundle. POL-*. */
export async function choosePolicy(trust, files, book) {
  const copy = files.get(POLICY);
  if (trust) {
    book.says(copy && equal(copy, trust.raw) ? 'policy-same' : 'policy-differs');
    return trust.policy;
  }
  book.says('policy-own-copy');
  book.notProven.push(['unproven-keys']);
  if (!copy) throw new Refused('BND-MANIFEST', ['bundle-none'], POLICY);
  try {
    return parsePolicy(copy);
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    throw new Refused(wrong.code, wrong.says, `${POLICY} ${wrong.where}`.trim());
  }
}

/** Report an expired policy: it still judges, but that there is no newer one is not proven. */
export function checkCurrent(trust, now, book) {
  if (trust?.until && trust.until <= now) book.notProven.push(['unproven-current', wire(trust.until).slice(0, 10)]);
}

// -- step 4 -----------------------------------------------------------------------------------------------------------

const READ = 2_000; // signature lines, under a policy from the bundle itself

/**
 * Open every note of the bundle with the keys of the policy. CP-FORMAT, CP-ORIGIN, CP-KEY, CP-SIG.
 *
 * Under the bundle's `own` policy, its maker decides how many lines there are. Beyond READ lines, only the cosignatures
 * of the head are verified, and one line of the log for each other note.
 */
export async function openHeads(parts, origin, policy, book, own) {
  const here = folderOf(origin);
  const logs = policy.logs.filter((key) => key.name === origin);
  checkNamed(policy, origin, book, own, `${here}/checkpoint`);
  const witnesses = [...policy.witnesses.values()];
  const all = new Map();
  let lines = 0;
  const notes = [...parts.heads].map(([digest, note]) => [`${here}/heads/${digest}`, note, digest]);
  for (const [path, note, kept] of [...notes, [`${here}/checkpoint`, parts.checkpoint, null]]) {
    const digest = noteDigest(note);
    if (kept !== null && digest !== kept) throw new Refused('CP-FORMAT', ['note-digest', digest], path);
    const few = own && lines > READ && kept !== null;
    const head = await placed(path, () => {
      if (!few) return openCheckpoint(note, origin, logs, witnesses);
      const [first = logs] = keysIn(note, logs);
      return openCheckpoint(note, origin, first, []);
    });
    all.set(digest, head);
    lines += head.lines;
  }
  if (own && lines > READ) book.notProven.push(['unproven-lines', READ]);
  book.says('notes', all.size, origin);
  return new Heads(here, noteDigest(parts.checkpoint), all);
}

/** Check that the policy names the log: CP-ORIGIN, undecided if it is the policy of the reader, not its `own`. */
function checkNamed(policy, origin, book, own, where) {
  const names = [...new Set(policy.logs.map(({ name }) => name))].sort();
  if (names.includes(origin)) return;
  if (own) throw new Refused('CP-ORIGIN', ['log-unknown', origin], where);
  const given = names.join(', ') || ['no-log'];
  throw new Undecided('CP-ORIGIN', [book.of === 'bundle' ? 'trust-other' : 'trust-other-record', given, origin]);
}

/** Check that each note is signed by a log key of its size, as far as a signed policy gives sizes. CP-KEY. */
export function checkSizesOf(heads, trust) {
  if (!trust?.sizes?.size) return;
  for (const [digest, { checkpoint, signers }] of heads.all) {
    if (!signers.some((key) => signsSize(trust, key, checkpoint.size))) throw new Refused('CP-KEY', ['sizes-other', checkpoint.size], heads.where(digest));
  }
}

// -- step 5 -----------------------------------------------------------------------------------------------------------

/**
 * Check that enough witnesses cosigned the head; return the heads without cosignatures from the future. Doubts:
 * CP-FUTURE, CP-QUORUM.
 */
export function checkQuorum(heads, policy, now, book) {
  const kept = new Map();
  for (const [digest, head] of heads.all) {
    for (const [key, time] of head.cosignatures) {
      if (time > now + DRIFT) {
        book.doubt('CP-FUTURE', ['witness-future', key.name, Math.trunc(time - now)], heads.where(digest));
      }
    }
    kept.set(digest, { ...head, cosignatures: head.cosignatures.filter(([, time]) => time <= now + DRIFT) });
  }
  const seen = new Heads(heads.folder, heads.headDigest, kept);
  const names = policy.names(seen.head.cosignatures.map(([key]) => key));
  const voters = policy.voters();
  if (policy.asksForNone) {
    book.nothingAsked('quorum-none');
    book.gravest.push(['unproven-no-witness']);
  } else if (policy.met(names)) {
    book.says('quorum-met', names.size, voters.size);
  } else {
    const counted = [...names].filter((name) => voters.has(name)).length;
    book.says('quorum-met', counted, voters.size);
    const where = heads.where(heads.headDigest);
    book.doubt('CP-QUORUM', ['quorum-missed', counted, voters.size, policy.quorum], where);
  }
  return seen;
}

/** Parse a consistency proof, one base64 hash a line; CP-CONSISTENCY for anything else. */
export function hashes(text) {
  if (text.length > LARGEST_PROOF) throw new Refused('CP-CONSISTENCY', ['history-large', text.length]);
  const lines = latin1(text).split('\n');
  try {
    if (lines.pop()) throw new RangeError('the last line does not end');
    return lines.map(unb64);
  } catch {
    throw new Refused('CP-CONSISTENCY', ['history-lines']);
  }
}
