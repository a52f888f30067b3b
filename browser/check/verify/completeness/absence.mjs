/**
 * Verify the proof that a log has no order of an id, as in ledger/verify/completeness/absence.py, by those of the 17 steps that apply.
 */
import { COUNT, NAME, UUID, list, oneOf, record, word } from '../../shape.mjs';
import { encoded, latin1, unb64, utf8 } from '../../formats/bytes.mjs';
import { checkEnvelope, openEntry } from '../../entries/envelope.mjs';
import { Chains, registryOf } from '../../entries/placement.mjs';
import { checkCommit, checkHead } from './committed_heads.mjs';
import { checkPolicy } from '../claims.mjs';
import { checkLines, checkLogKeys, checkRotations, chooseRegistrar, doubtUnread, suspect } from '../entries.mjs';
import { checkAnchored, openedAnchor } from '../history/anchors.mjs';
import { checkHistory } from '../history/consistency.mjs';
import { checkCurrent, checkQuorum, checkSizesOf, openHeads } from '../heads.mjs';
import { checkInclusion, leafHash } from '../../tlog/tree.mjs';
import { checkLookup, orderKey } from '../../tlog/patricia_tree.mjs';
import { checkPublic, noteTexts } from '../field_forms.mjs';
import { Keyring } from '../../entries/keyring.mjs';
import { Notebook } from '../progress.mjs';
import { sayPredecessor } from '../received_entries.mjs';
import { OTHER_WORDS, english } from '../../english.mjs';
import { Refused, placed } from '../../errors.mjs';
import { Times } from '../time_brackets.mjs';
import { parseHeld } from '../../trust/held.mjs';

const FORMAT = 'comity.absence/1';
const LARGEST = 1 << 24; // bytes
const MAP_PROOF = word(/^[^]{0,33956}$/u);
const LINE = record({ index: COUNT, entry: word(/^[^]*$/), path: list(word(/^[A-Za-z0-9+/]{43}=$/), 63) });
const SHAPE = record({
  format: oneOf(FORMAT),
  says: word(/^[^]*$/),
  log: NAME,
  order: UUID,
  checkpoint: word(/^[^]*$/),
  absent: MAP_PROOF,
  registered: MAP_PROOF,
  commit: LINE,
  register: list(LINE),
});

/** Return true if a file claims to be such a document. */
export function isAbsence(data) {
  const start = latin1(data.subarray(0, 200)).replace(/^[\t-\r ]+/, '');
  return start.startsWith('{') && start.includes(FORMAT);
}

/**
 * Verify the document under `trust` (from `parseTrust`, or null) and an anchor, or null; any content ends in a report.
 * `came` and `asPrinted` are as of `verify`.
 */
export async function verifyAbsence(data, trust, anchor, now, { came = null, asPrinted = false } = {}) {
  const held = parseHeld(anchor, asPrinted);
  const book = new Notebook('proof');
  const found = { entries: 0, signatures: 0, head: null, headSeen: null, states: null };
  try {
    await walk(data, trust, held, now, book, found, came);
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
  }
  const reasons = book.failed ? [book.failed] : book.doubts;
  const verdict = book.failed ? 'TOTAL-FAILED' : reasons.length ? 'INDETERMINATE' : 'TOTAL-PASSED';
  const { entries, signatures, head, headSeen, states } = found;
  const nothing = { manifest: null, brackets: [], known: null, makers: null, shown: null, committed: null };
  const seen = { entries, signatures, head, headSeen, says: states };
  return { verdict, reasons, steps: book.steps, remarks: book.remarks, notProven: book.unproven, compared: book.compared, exhibit: book.exhibit, ...nothing, ...seen };
}

async function walk(data, trust, held, now, book, found, came) {
  let said, heads, size;
  await book.step(1, () => {
    said = parsed(data);
  });
  if (!trust) {
    checkAnchored(null, null, null, book);
    return;
  }
  const { log } = said;
  const parts = { checkpoint: encoded(said.checkpoint), heads: new Map(), consistency: new Map() };
  await book.step(2, () => checkCurrent(trust, now, book));
  book.skip(3, ['absence-nothing']);
  await book.step(4, async () => {
    heads = await openHeads(parts, log, trust.policy, book, false);
    checkSizesOf(heads, trust);
    found.head = heads.head;
  });
  await book.step(5, () => {
    heads = checkQuorum(heads, trust.policy, now, book);
  });
  await book.step(6, async () => {
    const anchor = await openedAnchor(held, trust.policy, trust);
    await checkHistory(heads, parts, anchor, book);
    checkAnchored(heads, anchor, trust, book, came);
  });
  book.skip(7, ['absence-nothing']);
  const { checkpoint } = heads.head;
  let opened, commit, keyring, root;
  const at = BigInt(said.commit.index);
  await book.step(8, async () => {
    for (const [line, where] of lines(said)) {
      await placed(where, async () => {
        const raw = encoded(line.entry);
        await checkEnvelope(raw);
        checkInclusion(BigInt(line.index), checkpoint.size, leafHash(raw), path(line), checkpoint.root);
      });
    }
    book.says('leaves', said.register.length + 1, checkpoint.size);
  });
  await book.step(9, async () => {
    opened = new Map();
    for (const [line, where] of lines(said)) {
      await placed(where, async () => {
        const entry = await openEntry(encoded(line.entry));
        checkPublic(entry);
        noteTexts(entry, book);
        opened.set(BigInt(line.index), entry);
      });
    }
    commit = opened.get(at);
    opened.delete(at);
    opened = new Map([...opened].sort(([one], [two]) => (one < two ? -1 : 1)));
    book.says('signatures', opened.size + 1);
  });
  const registry = await registryOf(log);
  await book.step(10, async () => {
    const chains = await Chains.of(log);
    for (const [index, entry] of opened) {
      const where = `register ${index}`;
      if (entry.order !== registry) throw new Refused('CTX-ORDER', ['absence-register'], where);
      await placed(where, () => chains.follow(entry));
    }
    book.says('absence-chain');
  });
  const times = new Times(heads, trust.policy);
  await book.step(11, async () => {
    keyring = new Keyring(registry, chooseRegistrar(trust, opened, registry, book));
    for (const [index, entry] of opened) await placed(`register ${index}`, () => keyring.admit(entry, index));
    checkLogKeys(opened, heads);
    checkRotations(opened, heads, trust, book);
    checkLines(opened, heads, trust.policy, trust, book);
    ({ size, root } = await placed('commit', () => checkCommit(commit, at, log, keyring)));
    suspect(new Map([...opened, [at, commit]]), keyring, times, book, () => 'register');
    doubtUnread(keyring, book, (index) => `register ${index}`);
    await checkPolicy([...opened].map(([index, entry]) => ({ ...entry, index })), trust.raw, null, book);
    sayPredecessor(opened, book);
    book.says('keys', keyring.keys.size, keyring.offices.size);
  });
  for (let step = 12; step < 17; step++) book.skip(step, ['absence-nothing']);
  await book.step(17, async () => {
    await placed('registered', () => checkHead(registry, bytesOf(said.registered), opened, size, root));
    const head = await placed('absent', () => checkLookup(orderKey(said.order), bytesOf(said.absent), root));
    if (head) throw new Refused('MAP-HEAD', ['absence-there', said.order], 'absent');
    found.states = ['absence-says', log, said.order, size];
    book.says(...found.states);
    if (said.says !== english(found.states)) book.remarks.push(OTHER_WORDS);
    book.gravest.push(['unproven-absence', log, said.order, size, at, commit.signed_at]);
    if (at !== size || size !== checkpoint.size - 1n) {
      book.gravest.push(['unproven-absence-later', said.order, checkpoint.size, size], ['unproven-absence-register', size]);
    }
    book.gravest.push(['unproven-absence-id']);
  });
  found.entries = found.signatures = opened.size + 1;
  found.headSeen = times.headSeen();
}

function parsed(data) {
  const unfit = () => new Refused('ABSENCE-FORMAT', ['absence-form']);
  if (data.length > LARGEST) throw unfit();
  try {
    const text = utf8(data);
    const read = JSON.parse(text);
    const mapped = { ...read, commit: toMap(read.commit), register: read.register.map(toMap) };
    const said = SHAPE(toMap(mapped), 'absence');
    if (`${JSON.stringify(said, whole, 2)}\n` !== text) throw unfit();
    return said;
  } catch (wrong) {
    throw wrong instanceof Refused || wrong instanceof SyntaxError || wrong instanceof TypeError ? unfit() : wrong;
  }
}

/** Replace what UTF-8 has no form for, half a character, so that such a text is not written as it was read. */
const whole = (_, value) => (typeof value === 'string' ? utf8(encoded(value)) : value);

const toMap = (value) => new Map(Object.entries(value));

/** Return the entries of the document with their places in it; ABSENCE-FORMAT if two are at one index. */
function lines({ commit, register }) {
  const all = [...register.map((line) => [line, `register ${line.index}`]), [commit, 'commit']];
  if (new Set(all.map(([{ index }]) => index)).size < all.length || all.length < 2) {
    throw new Refused('ABSENCE-FORMAT', ['absence-lines']);
  }
  return all;
}

function path(line) {
  try {
    return line.path.map(unb64);
  } catch {
    throw new Refused('PRF-FORMAT', ['absence-path']);
  }
}

function bytesOf(proof) {
  try {
    return unb64(proof);
  } catch {
    throw new Refused('MAP-FORMAT', ['absence-base64']);
  }
}
