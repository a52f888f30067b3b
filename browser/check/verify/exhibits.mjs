/**
 * Verify an exhibit that claims that a log has contradicted itself, as in ledger/verify/exhibits.py. What an exhibit
 * does not prove is INDETERMINATE, because it then states nothing about the log.
 */
import { b64, bySize, encoded, equal, hex, latin1, unb64, unhex, utf8 } from '../formats/bytes.mjs';
import { atOdds, committedBy } from '../entries/placement.mjs';
import { openEntry } from '../entries/envelope.mjs';
import { ED25519, openCheckpoint, parseCheckpoint, parseVkey, split } from '../tlog/note.mjs';
import { OTHER_WORDS, english } from '../english.mjs';
import { Refused } from '../errors.mjs';
import { checkConsistency, checkInclusion, leafHash, nodeHash, parseProof, rootOver } from '../tlog/tree.mjs';
import { orderKey, rootOfMap } from '../tlog/patricia_tree.mjs';
import { signsSize } from '../trust/trust_folder.mjs';

const SPLIT = 'comity.split-view/1';
const OMISSION = 'comity.omission/1';
const ORDER = 'comity.split-order/1';
const WRONG_MAP = 'comity.map-root/1';
// the members of each form, in their order, without `format` and `says`
const MEMBERS = {
  [SPLIT]: ['log', 'one', 'two', 'began', 'path'],
  [OMISSION]: ['log', 'entry', 'proof', 'leaf', 'instead'],
  [ORDER]: ['log', 'one', 'one_proof', 'two', 'two_proof', 'other_log'],
  [WRONG_MAP]: ['log', 'entry', 'proof', 'path', 'entries'],
};
const LARGEST = { [WRONG_MAP]: 1 << 24 }; // bytes, of another form 1 << 18

/** Return the form of exhibit that a file states; undefined if it states none. */
export function exhibitForm(data) {
  const start = latin1(data.subarray(0, 200)).replace(/^[\t-\r ]+/, '');
  return start.startsWith('{') ? [SPLIT, OMISSION, ORDER, WRONG_MAP].find((form) => start.includes(form)) : undefined;
}

/** Verify an exhibit under `trust` (from `parseTrust`, or null); any content ends in a report. */
export async function verifyExhibit(data, trust) {
  let logs, form, broken, sizes, remarks;
  try {
    const said = read(data);
    form = said.format;
    logs = claimed(said);
    [broken, sizes] = await CHECKS[form](said, logs[0], logs.at(-1));
    remarks = isAsWritten(data, said, broken) ? [] : [OTHER_WORDS];
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return report('INDETERMINATE', [{ code: wrong.code, where: wrong.where, says: wrong.says }]);
  }
  const [log] = logs;
  const proven = { code: broken.code, where: log.name, says: broken.says };
  const which = [{ [ORDER]: 'unproven-which-entry', [WRONG_MAP]: 'unproven-which-key' }[form] ?? 'unproven-which'];
  const signatures = form === ORDER ? 4 : 2;
  if (!trust) {
    const lack = { code: 'NO_TRUST_ANCHOR', where: '', says: ['exhibit-key'] };
    return report('INDETERMINATE', [lack, proven], signatures, [['unproven-own-key'], which], remarks);
  }
  const sides = [trust, ...(trust.others ?? [])];
  const known = sides.flatMap(({ policy }) => policy.logs.map(({ text }) => text));
  if (!logs.every(({ text }) => known.includes(text))) {
    const lack = { code: 'CP-ORIGIN', where: log.name, says: ['exhibit-unknown'] };
    return report('INDETERMINATE', [lack, proven], signatures, [which], remarks);
  }
  for (const [n, key] of [log, logs.at(-1)].entries()) {
    const signs = (each) => each.policy.logs.some(({ text }) => text === key.text) && signsSize(each, key, sizes[n]);
    if (sides.some(signs)) continue;
    const lack = { code: 'CP-KEY', where: log.name, says: ['sizes-other', sizes[n]] };
    return report('INDETERMINATE', [lack, proven], signatures, [which], remarks);
  }
  return report('TOTAL-FAILED', [proven], signatures, [which], remarks);
}

/** Return true if an exhibit is the file that the program writes of what it proves: no other word is in it. */
function isAsWritten(data, said, { says }) {
  return equal(encoded(written(said, says)), data);
}

/** Return an exhibit as the program writes it; `says` is what it proves. */
function written(said, says) {
  const proof = MEMBERS[said.format].filter((name) => name in said).map((name) => [name, said[name]]);
  return `${JSON.stringify({ format: said.format, says: english(says), ...Object.fromEntries(proof) }, null, 2)}\n`;
}

/** Return the exhibit of a form that says this; null where it proves nothing. `keys` are those of the log, one or two. */
async function proven(said, keys) {
  try {
    const [{ says }] = await CHECKS[said.format](said, keys[0], keys.at(-1));
    return written(said, says);
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return null;
  }
}

/** Return the exhibit of the first two notes that a key of both proves to contradict each other: [keys, one, two, path between their sizes]. */
export async function proveSplit(pairs) {
  for (const [keys, one, two, path = []] of pairs) {
    const sizes = (note) => parseCheckpoint(split(note).text).size;
    const [first, second] = [one, two].sort((a, b) => bySize(sizes(a), sizes(b)));
    const [small, large] = [sizes(first), sizes(second)];
    const began = beginning(small, large, path);
    const proof = small === large ? {} : { began: began && hex(began), path: path.map(b64) };
    for (const log of [...keys].sort((a, b) => (a.text < b.text ? -1 : 1))) {
      const found = await proven({ format: SPLIT, log: log.text, one: utf8(first), two: utf8(second), ...proof }, [log]);
      if (found) return found;
    }
  }
  return null;
}

/** Return the exhibit of two entries at one place of a log, {raw, proof, log} each; null where one key did not sign both heads. */
export const proveOmission = (ours, theirs) =>
  proven(
    {
      format: OMISSION,
      ...{ log: ours.log.text, entry: utf8(ours.raw), proof: utf8(ours.proof) },
      ...{ leaf: hex(leafHash(theirs.raw)), instead: utf8(theirs.proof) },
    },
    [ours.log],
  );

/** Return the exhibit of two entries of which a log may have only one, {raw, proof, log} each; null where it proves nothing. */
export function proveOrder(...both) {
  const place = ({ raw, proof }) => [parseProof(proof).index, hex(leafHash(raw))];
  const [one, two] = both.sort((a, b) => {
    const [[index, leaf], [other, second]] = [place(a), place(b)];
    return bySize(index, other) || (leaf < second ? -1 : 1);
  });
  const said = { log: one.log.text, one: utf8(one.raw), one_proof: utf8(one.proof), two: utf8(two.raw), two_proof: utf8(two.proof) };
  const other = one.log.text === two.log.text ? {} : { other_log: two.log.text };
  return proven({ format: ORDER, ...said, ...other }, [one.log, two.log]);
}

function report(verdict, reasons, signatures = 0, notProven = [], remarks = []) {
  const nothing = { steps: [], remarks, entries: 0, head: null, manifest: null, brackets: [], known: null };
  return { verdict, reasons, signatures, notProven, ...nothing };
}

const unfit = () => new Refused('SPLIT-FORMAT', ['exhibit-form']);

function read(data) {
  const form = exhibitForm(data);
  let said;
  try {
    said = data.length <= (LARGEST[form] ?? 1 << 18) ? JSON.parse(utf8(data), character) : null;
  } catch {
    throw unfit();
  }
  if (!said || typeof said !== 'object' || said.format !== form) throw unfit();
  return said;
}

/** Refuse half a character in a text, as the program does: UTF-8 has no form for it. */
function character(name, value) {
  for (const text of [name, value]) if (typeof text === 'string' && utf8(encoded(text)) !== text) throw unfit();
  return value;
}

/** Return the keys of the log that it names: two where another key signed the second head. */
function claimed(said) {
  const named = 'other_log' in said ? [said.log, said.other_log] : [said.log];
  try {
    return named.map((key) => parseVkey(typeof key === 'string' ? key : ''));
  } catch (wrong) {
    throw wrong instanceof Refused ? unfit() : wrong;
  }
}

const viewOf = (...says) => new Refused('SPLIT-VIEW', says);

/** Return the texts of some members as bytes. */
function texts(said, ...names) {
  return names.map((name) => {
    if (typeof said[name] !== 'string') throw unfit();
    return encoded(said[name]);
  });
}

function digits(text, length) {
  if (typeof text !== 'string' || !/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw unfit();
  const bytes = unhex(text);
  if (length && bytes.length !== length) throw unfit();
  return bytes;
}

async function opened(note, log) {
  if (log.type !== ED25519) throw new Refused('CP-KEY', ['exhibit-key-type'], log.id);
  return (await openCheckpoint(note, log.name, log, [])).checkpoint;
}

async function splitView(said, log) {
  const [one, two] = texts(said, 'one', 'two');
  const path = paths(said.path ?? []);
  const began = digits(said.began || '');
  const [small, large] = [await opened(one, log), await opened(two, log)];
  if (small.size === large.size && !equal(small.root, large.root)) return [viewOf('split-same', log.name, large.size), [small.size, large.size]];
  try {
    checkConsistency(small.size, large.size, began, large.root, path);
  } catch (wrong) {
    throw wrong instanceof Refused ? new Refused('SPLIT-UNPROVEN', ['split-nothing', wrong.says]) : wrong;
  }
  if (equal(small.root, began)) throw new Refused('SPLIT-UNPROVEN', ['split-honest']);
  return [viewOf('split-other', log.name, large.size, small.size), [small.size, large.size]];
}

function paths(lines) {
  if (!Array.isArray(lines)) throw unfit();
  return lines.map((line) => {
    try {
      if (typeof line === 'string') return unb64(line);
    } catch {
      throw unfit();
    }
    throw unfit();
  });
}

async function omission(said, log) {
  const [entry, proof, instead] = texts(said, 'entry', 'proof', 'instead');
  const leaf = digits(said.leaf, 32);
  const [first, second] = [parseProof(proof), parseProof(instead)];
  const [one, two] = [await opened(first.note, log), await opened(second.note, log)];
  checkInclusion(first.index, one.size, leafHash(entry), first.path, one.root);
  checkInclusion(second.index, two.size, leaf, second.path, two.root);
  if (first.index !== second.index) throw new Refused('SPLIT-UNPROVEN', ['omission-places', first.index, second.index]);
  if (hex(leaf) === hex(leafHash(entry))) throw new Refused('SPLIT-UNPROVEN', ['omission-same']);
  return [viewOf('omission', log.name, first.index, one.size, two.size), [one.size, two.size]];
}

/** Check two entries that the rules of one log do not allow together: under one head, or each under its own. */
async function splitOrder(said, log, otherLog) {
  const [one, oneProof, two, twoProof] = texts(said, 'one', 'one_proof', 'two', 'two_proof');
  const first = await standing(one, oneProof, log);
  const second = await standing(two, twoProof, otherLog);
  if ([otherLog.name, first.entry.log, second.entry.log].some((name) => name !== log.name)) {
    throw new Refused('SPLIT-UNPROVEN', ['order-elsewhere']);
  }
  const broken = atOdds(first.entry, first.index, second.entry, second.index);
  if (!broken) throw new Refused('SPLIT-UNPROVEN', ['order-honest']);
  const places = [first, second].flatMap(({ entry, index }) => [entry.leaf.slice(0, 8), index]);
  return [new Refused(broken.code, ['split-order', log.name, broken.says, ...places]), [first.size, second.size]];
}

/** Check an entry that commits to heads, and the entries that it covers, which have other ones. */
async function wrongMap(said, log) {
  const [raw, proof] = texts(said, 'entry', 'proof');
  const path = paths(said.path);
  if (!Array.isArray(said.entries) || said.entries.some((line) => typeof line !== 'string')) throw unfit();
  const { entry, index, size: signed, root } = await standing(raw, proof, log);
  const commit = await committedBy(entry);
  if (!commit || entry.log !== log.name) throw new Refused('SPLIT-UNPROVEN', ['map-nothing']);
  if (commit.size < 0n || commit.size > index) {
    return [new Refused('MAP-SIZE', ['map-ahead', log.name, index, commit.size]), [signed, signed]];
  }
  const covered = said.entries.map((line) => encoded(line));
  if (BigInt(covered.length) !== commit.size) throw new Refused('SPLIT-UNPROVEN', ['map-shows', covered.length, commit.size]);
  const leaves = covered.map(leafHash);
  if (covered.length) checkConsistency(commit.size, signed, rootOver(leaves), root, path);
  if (equal(await mapRoot(covered, leaves), commit.root)) throw new Refused('SPLIT-UNPROVEN', ['map-honest']);
  return [new Refused('MAP-ROOT', ['map-wrong', log.name, index, commit.size]), [signed, signed]];
}

/** Return the root of the map of heads of these entries; one that cannot be opened is of no order. */
async function mapRoot(entries, leaves) {
  const orders = new Map();
  for (const [n, raw] of entries.entries()) {
    try {
      const { order } = await openEntry(raw, { unsigned: true });
      if (!orders.has(order)) orders.set(order, []);
      orders.get(order).push(leaves[n]);
    } catch (wrong) {
      if (!(wrong instanceof Refused)) throw wrong;
    }
  }
  return rootOfMap(new Map([...orders].map(([order, own]) => [orderKey(order), rootOver(own)])));
}

const CHECKS = { [SPLIT]: splitView, [OMISSION]: omission, [ORDER]: splitOrder, [WRONG_MAP]: wrongMap };

/** Check an entry and its place in a tree that the key of a log signed. */
async function standing(raw, proof, log) {
  const { index, path, note } = parseProof(proof);
  const { size, root } = await opened(note, log);
  checkInclusion(index, size, leafHash(raw), path, root);
  return { entry: await openEntry(raw), index, size, root };
}

/** Return the root of `m` entries that starts a consistency proof; null where the proof omits it (RFC 9162 2.1.4.2). */
export function beginning(m, n, path) {
  if (!path.length || !(m & (m - 1n))) return null;
  let [fn, sn, old] = [m - 1n, n - 1n, path[0]];
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  for (const sibling of path.slice(1)) {
    if (fn & 1n || fn === sn) {
      old = nodeHash(sibling, old);
      while (fn && !(fn & 1n)) [fn, sn] = [fn >> 1n, sn >> 1n];
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return old;
}
