/**
 * Check statements of auditors, as ledger/tlog/audit_statement.py and subtree_cosignature.py do: a cosignature of a subtree
 * by an ML-DSA-44 key, whose name ends with the digest of the statement.
 */
import { decimal, equal, hex, latin1, unb64 } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { ml_dsa44, sha256 } from '../../libraries.mjs';
import { MLDSA44, byId, checkForeignOrigin, split, subtreeMessage } from './note.mjs';
import { checkSubtree, checkSubtreeConsistency } from './subtree.mjs';

const CHECKS = ['signatures', 'chain', 'places', 'map-roots']; // in this order
const STATEMENT =
  /^comity\.audit-statement\/1\n((?:checked [a-z-]+\n)+)program ([0-9a-f]{64})\nrules ([0-9a-f]{64})\n$/;
const AUDITOR = /^([^]+)\/audit\/([0-9a-f]{64})$/;
const COSIGNATURE_SIZE = 8 + 2420; // bytes: the time and the signature
const NO_TIME = new Uint8Array(8);

/** Read the text of a statement: its checks, and the digests of program and rules in hex. AUD-FORMAT. */
function parseStatement(bytes) {
  const found = STATEMENT.exec(latin1(bytes));
  const checks = found?.[1].split('\n').slice(0, -1).map((line) => line.slice('checked '.length));
  if (!found || `${checks}` !== `${CHECKS.filter((each) => checks.includes(each))}`) {
    throw new Refused('AUD-FORMAT', ['audit-form']);
  }
  return { checks, program: found[2], rules: found[3] };
}

/** Return the auditor whose key this is, and the digest (hex) of the statement that it makes. AUD-KEY. */
export function namedStatement(key) {
  const [, auditor, digest] = AUDITOR.exec(key.name) ?? [];
  if (key.type !== MLDSA44 || !auditor) throw new Refused('AUD-KEY', ['audit-key-none'], key.id);
  return { auditor, digest };
}

/** Read the text of a note of a subtree: origin, start and end (BigInt), root. SUB-FORMAT, CP-ORIGIN. */
function parseSubtree(body) {
  const [origin, line, text, last, ...more] = body.split('\n');
  const [word, first, second, ...others] = (line ?? '').split(' ');
  let start, end, root;
  try {
    [start, end, root] = [decimal(first), decimal(second), unb64(text)];
    if (word !== 'subtree' || last !== '' || more.length || others.length) throw new RangeError('lines');
  } catch {
    throw new Refused('SUB-FORMAT', ['subtree-note']);
  }
  checkForeignOrigin(origin);
  checkSubtree(start, end);
  if (root.length !== 32) throw new Refused('SUB-FORMAT', ['hash-size'], origin);
  return { origin, start, end, root };
}

/** Open the note of a subtree with the trusted `key`: each of its lines must hold, and one must be there. */
function openSubtree(note, key) {
  const { text, lines } = split(note);
  const subtree = parseSubtree(text);
  const known = byId([key]);
  const mine = lines.filter(({ id }) => known.has(id));
  const message = subtreeMessage(key.name, 0n, subtree);
  for (const { signature } of mine) {
    if (signature.length !== COSIGNATURE_SIZE || !equal(signature.subarray(0, 8), NO_TIME)) {
      throw new Refused('CP-SIG', ['subtree-line'], key.id);
    }
    if (!ml_dsa44.verify(signature.subarray(8), message, key.bytes)) throw new Refused('CP-SIG', ['line-bad'], key.id);
  }
  if (!mine.length) throw new Refused('CP-SIG', ['line-none'], lines.map(({ id }) => id).join(', '));
  return subtree;
}

/**
 * Check that the trusted `key` made the statement `text` (bytes) about a subtree of the tree `checkpoint`: `note` is that
 * of the subtree, `path` its proof of consistency with the tree. Signatures of the checkpoint are checked elsewhere.
 *
 * AUD-FORMAT, AUD-KEY, CP-FORMAT, SUB-FORMAT, CP-SIG, CP-ORIGIN, SUB-PATH.
 */
export function checkAudited(note, text, key, checkpoint, path) {
  const statement = parseStatement(text);
  const { auditor, digest } = namedStatement(key);
  if (digest !== hex(sha256(text))) throw new Refused('AUD-KEY', ['audit-key'], key.id);
  const subtree = openSubtree(note, key);
  if (subtree.origin !== checkpoint.origin) {
    throw new Refused('CP-ORIGIN', ['subtree-other', subtree.origin, checkpoint.origin]);
  }
  checkSubtreeConsistency(subtree.start, subtree.end, checkpoint.size, subtree.root, checkpoint.root, path);
  return { key, auditor, statement, subtree, checkpoint };
}

/** Return the ranges [start, end] of the tree `checkpoint` of which `key` made its statement, by what checkAudited returned. */
export function covered(audited, key, checkpoint) {
  const mine = audited.filter((each) => each.key.text === key.text && sameTree(each.checkpoint, checkpoint));
  const ranges = [];
  for (const { start, end } of mine.map(({ subtree }) => subtree).sort((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = ranges.at(-1);
    if (!last || start > last[1]) ranges.push([start, end]);
    else if (end > last[1]) last[1] = end;
  }
  return ranges;
}

const sameTree = (a, b) => a.origin === b.origin && a.size === b.size && equal(a.root, b.root);
