/**
 * An exhibit that says a log has contradicted itself: does it prove that, to whom, about whose log? As in
 * ledger/verify/exhibits.py; what an exhibit does not prove is INDETERMINATE, for it says nothing about the log.
 */
import { encoded, equal, hex, latin1, unb64, unhex, utf8 } from './bytes.mjs';
import { openCheckpoint, parseVkey } from './note.mjs';
import { Refused } from './refusal.mjs';
import { checkConsistency, checkInclusion, leafHash, parseProof } from './tlog.mjs';

const SPLIT = 'comity.split-view/1';
const OMISSION = 'comity.omission/1';
const LARGEST = 1 << 18;

/** Which form of exhibit a file says it is; undefined if it says nothing of the kind. */
export function exhibitForm(data) {
  const start = latin1(data.subarray(0, 200)).trimStart();
  return start.startsWith('{') ? [SPLIT, OMISSION].find((form) => start.includes(form)) : undefined;
}

/** Checks an exhibit under `trust`, what `parseTrust` gives, or null; whatever it holds ends in a report. */
export async function verifyExhibit(data, trust) {
  let log, found;
  try {
    const said = read(data);
    log = claimed(said);
    found = await (said.format === OMISSION ? omission(said, log) : split(said, log));
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return report('INDETERMINATE', [{ code: wrong.code, where: wrong.where, says: wrong.says }]);
  }
  const proven = { code: 'SPLIT-VIEW', where: log.name, says: found };
  const which = ['unproven-which'];
  if (!trust) {
    const lack = { code: 'NO_TRUST_ANCHOR', where: '', says: ['exhibit-key'] };
    return report('INDETERMINATE', [lack, proven], 2, [['unproven-own-key'], which]);
  }
  if (!trust.policy.logs.some((key) => key.text === log.text)) {
    const lack = { code: 'CP-ORIGIN', where: log.name, says: ['exhibit-unknown'] };
    return report('INDETERMINATE', [lack, proven], 2, [which]);
  }
  return report('TOTAL-FAILED', [proven], 2, [which]);
}

function report(verdict, reasons, signatures = 0, notProven = []) {
  const nothing = { steps: [], remarks: [], entries: 0, head: null, manifest: null, brackets: [], known: null };
  return { verdict, reasons, signatures, notProven, ...nothing };
}

const unfit = () => new Refused('SPLIT-FORMAT', ['exhibit-form']);

function read(data) {
  const form = exhibitForm(data);
  let said;
  try {
    said = data.length <= LARGEST ? JSON.parse(utf8(data)) : null;
  } catch {
    throw unfit();
  }
  if (!said || typeof said !== 'object' || said.format !== form) throw unfit();
  return said;
}

function claimed(said) {
  try {
    return parseVkey(typeof said.log === 'string' ? said.log : '');
  } catch (wrong) {
    throw wrong instanceof Refused ? unfit() : wrong;
  }
}

/** The texts of some members as bytes. */
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

const opened = async (note, log) => (await openCheckpoint(note, log.name, log, [])).checkpoint;

async function split(said, log) {
  const [one, two] = texts(said, 'one', 'two');
  const path = paths(said.path ?? []);
  const began = digits(said.began || '');
  const [small, large] = [await opened(one, log), await opened(two, log)];
  if (small.size === large.size && !equal(small.root, large.root)) return ['split-same', log.name, large.size];
  try {
    checkConsistency(small.size, large.size, began, large.root, path);
  } catch (wrong) {
    throw wrong instanceof Refused ? new Refused('SPLIT-UNPROVEN', ['split-nothing', wrong.says]) : wrong;
  }
  if (equal(small.root, began)) throw new Refused('SPLIT-UNPROVEN', ['split-honest']);
  return ['split-other', log.name, large.size, small.size];
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
  return ['omission', log.name, first.index, one.size, two.size];
}
