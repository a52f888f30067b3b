/**
 * Step 15: prove that entries of other records are acts of their signers, as in ledger/verify/other_records/received_entries.py and
 * ledger/verify/other_records/counterparties.py.
 */
import { bySize, hex } from '../formats/bytes.mjs';
import { registryOf, reservedOf } from '../entries/placement.mjs';
import { openEntry } from '../entries/envelope.mjs';
import { checkPublic, knownKind, noteTexts } from './field_forms.mjs';
import { noteDigest } from '../tlog/note.mjs';
import { NotKnownHere, NotProven, existedBy, unsigned, wrongOrMissing } from './other_logs.mjs';
import { Refused } from '../errors.mjs';
import { digestOfFile } from '../formats/digest.mjs';
import { secondsOf } from '../shape.mjs';
import { checkInclusion, leafHash, parseProof } from '../tlog/tree.mjs';

const KIND = 'counterparty-record-received';
const [MISMATCH, ABSENT, UNPROVEN] = ['ENT-MISMATCH', 'ENT-ABSENT', 'ENT-UNPROVEN'];

/** CTX-SUCCESSOR unless a log that replaces another names the last head of that log in its own first entry. */
export async function checkSuccessor(opened, parts, logs, book) {
  sayPredecessor(opened, book);
  for (const [index, entry] of opened) {
    if (entry.kind !== 'log-succeeded' || !knownKind(entry)) continue;
    const [origin, size, root] = ['predecessor', 'size', 'root'].map((name) => entry.public.get(name));
    const wrong = (...says) => new Refused('CTX-SUCCESSOR', says, `entry ${index}`);
    if (entry.seq !== 1 || origin === entry.log) throw wrong('successor-first');
    const note = entry.documents.map((each) => parts.foreign.get(each.sha256)).find((each) => each);
    if (!note) {
      book.notProven.push(['unproven-predecessor', origin]);
      continue;
    }
    try {
      await checkPredecessor(note, { origin, size, root }, logs, book);
    } catch (refused) {
      if (!(refused instanceof Refused) || refused.code === 'SIG-DISAGREE') throw refused;
      throw wrong('successor-wrong', refused.code, refused.says);
    }
  }
}

/** Say with how many entries the log before this one ended: only the signer of the succession states that. */
export function sayPredecessor(register, book) {
  for (const entry of register.values()) {
    if (entry.kind !== 'log-succeeded' || entry.seq !== 1 || !knownKind(entry)) continue;
    const [origin, size] = ['predecessor', 'size'].map((name) => entry.public.get(name));
    book.notProven.push(['unproven-predecessor-end', origin, size, entry.signer.actor, entry.signer.party]);
  }
}

async function checkPredecessor(note, said, logs, book) {
  const head = unsigned(note);
  if (head.origin !== said.origin || head.size !== BigInt(said.size) || hex(head.root) !== said.root) {
    throw new Refused('CP-CONSISTENCY', ['successor-head', head.size, head.origin]);
  }
  try {
    await logs.state(head.origin, note);
  } catch (lacks) {
    if (!(lacks instanceof NotProven)) throw lacks;
    book.notProven.push(['unproven-predecessor-log', head.origin, lacks.says]);
  }
}

/**
 * Report for every wrapped entry what is proven; what is false, absent or not proven is a finding on its wrapper.
 *
 * Returns {index, wrapper, inner, act, proves, known, code, says} for each; `inner` is null where it could not be
 * opened, `known` is true where only the register of its log knows the signer.
 */
export async function checkArrived(opened, parts, keyring, times, values, logs, book) {
  const leaves = new Map([...opened.values()].map((entry) => [entry.leaf, entry]));
  const before = (index, moment) => times.before(index, moment);
  const here = { keyring, entry: (leaf) => leaves.get(leaf), before, values: ({ leaf }) => values.get(leaf) ?? new Map() };
  const said = new Map(); // what a log may hold once -> leaf hash of the entry that has it
  const counted = new Set();
  const found = [];
  for (const [index, wrapper] of opened) {
    if (wrapper.kind !== KIND || !knownKind(wrapper)) continue;
    const none = { inner: null, act: false, proves: null, code: '', known: false };
    let one = { index, wrapper, ...none, ...(await judged(index, wrapper, parts, here, logs)) };
    if (one.act || one.proves || one.known) {
      const { leaf } = one.inner;
      const names = once(one.inner, wrapper);
      const before = new Set(names.filter((name) => said.has(name)).map((name) => said.get(name)));
      const lost = { act: false, proves: null, closed: [], code: UNPROVEN, known: false };
      if ([...before].some((other) => other !== leaf)) one = { ...one, ...lost, says: ['arrived-split'] };
      else if (before.size && (one.known || counted.has(leaf))) one = { ...one, ...lost, says: ['arrived-again'] };
      for (const name of names) if (!said.has(name)) said.set(name, leaf);
      if (one.act || one.proves) counted.add(leaf);
    }
    found.push(one);
  }
  remarkArrived(found, logs, book);
  await checkReferences(opened, parts, logs, book);
  book.says('others', found.filter(({ code }) => !code).length);
  return found;
}

/** Return what one log may hold only once: an entry id, a number of an order, and, for another log, a place. */
function once({ log, entry, order, seq }, wrapper) {
  const id = `id ${entry} ${log}`;
  if (log === wrapper.log) return [id]; // letters that crossed may name the same number
  return [id, `number ${seq} ${order} ${log}`, `index ${wrapper.public.get('index')} ${log}`];
}

function remarkArrived(found, logs, book) {
  const origins = new Set();
  for (const { index, wrapper, inner, code, says, closed } of found) {
    if (inner) noteTexts(inner, book);
    const where = ['arrived', index, wrapper.public.get('index'), wrapper.public.get('origin'), says];
    if (code) book.remark(code, where, wrapper.leaf);
    if (code === UNPROVEN) book.notProven.push(['unproven-arrived', inner ? inner.signer.actor : ['its-signer'], where]);
    else if (closed?.length) book.notProven.push(['unproven-closed', index, closed.join(', ')]);
    if (!code && inner && inner.log !== wrapper.log) origins.add(inner.log);
  }
  for (const origin of [...origins].sort()) {
    const size = logs.registerSize(origin);
    if (size) book.notProven.push(['unproven-other-register', origin, size]);
  }
}

async function judged(index, wrapper, parts, here, logs) {
  const raw = parts.foreign.get(wrapper.public.get('envelope'));
  if (!raw) return { code: ABSENT, says: ['arrived-absent'] };
  let inner = null;
  try {
    const opened = await openEntry(raw);
    checkPublic(opened);
    inner = opened; // without its form it is not read any further
    const place = await placedIn(inner, wrapper, raw, parts, logs);
    if (inner.kind === KIND || (await reservedOf(inner.log)).includes(inner.order)) return { inner };
    checkOrder(inner, wrapper, here);
    if (!here.keyring.holds(wrapper.signer, index)) throw new NotProven('KEY-ROLE', 'lacks-wrapper-role');
    await checkKey(index, inner, place, here, logs);
    if (wrapper.public.has('backs')) {
      const ours = backed(inner, wrapper, here);
      const otherwise = saidOtherwise(inner, ours, here).join(', ');
      if (otherwise) return { inner, act: true, code: MISMATCH, says: ['arrived-otherwise', otherwise] };
      return { inner, proves: ours.leaf, closed: closedIn(inner, ours, here) };
    }
  } catch (wrong) {
    const { code, says } = wrongOrMissing(wrong);
    const known = wrong instanceof NotKnownHere && !wrapper.public.has('backs');
    if (wrong instanceof NotProven) return { inner, code: UNPROVEN, says: ['arrived-unproven', says, code], known };
    return { inner, code: MISMATCH, says: ['arrived-wrong', code, says] };
  }
  return { inner, act: true };
}

/** Return {index, state} that prove the place in its log; null for an entry that was sealed for this log. */
async function placedIn(inner, wrapper, raw, parts, logs) {
  const [name, leaf, origin] = ['envelope', 'leaf', 'origin'].map((each) => wrapper.public.get(each));
  if ((await digestOfFile(raw)) !== name) throw new Refused('DOC-HASH', ['arrived-file']);
  if (inner.leaf !== leaf) throw new Refused('PRF-PATH', ['other-leaf', inner.leaf, leaf]);
  if (inner.log !== origin) throw new Refused('CTX-LOG', ['other-log', inner.log, origin]);
  if (inner.log === wrapper.log) return null;
  const proof = parts.foreign.get(`${name}.tlog-proof`);
  if (!proof) throw new NotProven('PRF-FORMAT', 'lacks-proof', inner.log);
  const head = wrapper.other?.checkpoint_sha256 ?? '';
  return checkedPlace(inner, raw, parseProof(proof), wrapper.public.get('index'), head, logs);
}

async function checkedPlace(inner, raw, proof, said, named, logs) {
  const index = BigInt(said);
  if (proof.index !== index) throw new Refused('PRF-INDEX', ['other-index', proof.index, index]);
  const digest = noteDigest(proof.note);
  if (named && named !== digest) throw new Refused('PRF-PATH', ['other-head', digest, named]);
  const checkpoint = unsigned(proof.note);
  if (checkpoint.origin !== inner.log) throw new Refused('CP-ORIGIN', ['other-origin', checkpoint.origin]);
  checkInclusion(index, checkpoint.size, leafHash(raw), proof.path, checkpoint.root);
  return { index, state: await logs.state(inner.log, proof.note) };
}

function checkOrder(inner, wrapper, here) {
  if (inner.instrument !== wrapper.instrument) {
    const [theirs, ours] = [inner.instrument, wrapper.instrument].map((each) => each ?? ['no-instrument']);
    throw new NotProven('CTX-INSTRUMENT', 'lacks-instrument', theirs, ours);
  }
  if (inner.order !== wrapper.order) throw new NotProven('CTX-ORDER', 'lacks-order', inner.order);
  if (inner.log === wrapper.log && here.entry(inner.leaf)) throw new NotProven('LEAF-DUPLICATE', 'lacks-news');
}

/** NotProven unless the key belongs to the signer, in the role it claims; `place` is null for an entry of this log. */
async function checkKey(index, inner, place, here, logs) {
  const { signer } = inner;
  const ours = here.keyring;
  if (!place) {
    keyOr('lacks-key-says', () => ours.check(inner, index));
    checkEnrolled(index, inner, here);
    return;
  }
  const known = ours.keys.get(signer.key);
  if (known && known.actor !== signer.actor) throw new NotProven('KEY-UNKNOWN', 'lacks-own-name', known.actor);
  const enrolled = [...ours.keys.values()].filter((k) => k.actor === signer.actor && k.accepted !== null);
  if (enrolled.some((k) => k.accepted < index)) {
    if (!enrolled.some((k) => k.key === signer.key)) throw new NotProven('KEY-UNKNOWN', 'lacks-own-key', signer.actor);
    checkEnrolled(index, inner, here);
    return;
  }
  const theirs = await logs.keyring(inner.log);
  const office = ours.offices.get(signer.actor);
  if (office && ours.refuses(office, signer, index)) {
    if (office.party !== signer.party) {
      throw new NotProven('KEY-UNKNOWN', 'lacks-party-here', signer.actor, signer.party, office.party);
    }
    throw new NotProven('KEY-ROLE', 'lacks-role-here', signer.actor, signer.role);
  }
  keyOr('lacks-key-says', () => {
    theirs.check(inner, place.index);
    theirs.checkRole(signer, place.index);
  });
  const { reported, suspectedSince } = theirs.keys.get(signer.key);
  const by = existedBy(place.state);
  if (reported !== null && !(by !== null && by < secondsOf(suspectedSince))) {
    throw new NotProven('KEY-SUSPECT', 'lacks-trust', signer.actor, suspectedSince);
  }
  if (signer.party !== theirs.registrar.party && !(known && confirms(known, signer.role))) {
    const Lacks = signer.party === ours.registrar.party ? NotProven : NotKnownHere; // our registrar names our offices
    throw new Lacks('KEY-UNKNOWN', 'lacks-say', signer.actor, signer.party);
  }
}

/** Return true for a key of this register that was accepted at any position, and was never reported. */
const confirms = ({ accepted, reported, roles }, role) => accepted !== null && reported === null && roles.includes(role);

function keyOr(says, work) {
  try {
    work();
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    throw new NotProven(wrong.code, says, wrong.says);
  }
}

/** Check that a key of this register may sign at this position: accepted, not ended, not suspect, its role held. */
function checkEnrolled(index, { signer }, here) {
  const key = here.keyring.keys.get(signer.key);
  if (key.accepted === null || key.accepted >= index) throw new NotProven('KEY-UNKNOWN', 'lacks-acceptance', signer.actor);
  if (key.ended !== null && key.ended < index) throw new NotProven('KEY-ENDED', 'lacks-life', signer.actor, key.ended);
  if (key.reported !== null && !here.before(index, key.suspectedSince)) {
    throw new NotProven('KEY-SUSPECT', 'lacks-trust', signer.actor, key.suspectedSince);
  }
  const office = here.keyring.offices.get(signer.actor);
  if (office?.party !== signer.party || !here.keyring.holds(signer, index)) {
    throw new NotProven('KEY-ROLE', 'lacks-role', signer.actor, signer.role, signer.party);
  }
}

/** Return the local entry that an arrived entry supports: same kind, about an act of its signer; this page reads both. */
function backed(inner, wrapper, here) {
  const leaf = wrapper.public.get('backs');
  const ours = here.entry(leaf);
  if (ours?.order !== wrapper.order) throw new NotProven(UNPROVEN, 'lacks-backed');
  const actor = ours.whose ?? ours.signer.actor;
  if (inner.kind !== ours.kind || inner.signer.actor !== actor || inner.speaks !== 'act') {
    throw new NotProven(UNPROVEN, 'lacks-support', ours.kind, actor, inner.kind, inner.signer.actor);
  }
  if (!knownKind(inner) || !knownKind(ours)) throw new NotProven(UNPROVEN, 'lacks-reading', ours.kind, actor);
  return ours;
}

/** Return [name, sealed] for the fields that both entries state, except fields that name entries of one log. */
function comparedIn(inner, ours) {
  const fields = knownKind(inner)?.fields ?? {};
  const open = [...inner.public.keys()].filter((name) => ours.public.has(name)).map((name) => [name, false]);
  const sealed = inner.sealed.filter((name) => ours.sealed.includes(name)).map((name) => [name, true]);
  return [...open, ...sealed]
    .filter(([name]) => Object.hasOwn(fields, name) && !fields[name].local)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Return the fields with different values in the two entries, as far as both are opened. */
function saidOtherwise(inner, ours, here) {
  return comparedIn(inner, ours)
    .filter(([name, sealed]) => {
      const [one, other] = sealed ? [here.values(inner), here.values(ours)] : [inner.public, ours.public];
      return one.has(name) && other.has(name) && !alike(one.get(name), other.get(name));
    })
    .map(([name]) => name);
}

/** Return the sealed fields that both entries state and that cannot be compared here. */
function closedIn(inner, ours, here) {
  const opened = (name) => here.values(inner).has(name) && here.values(ours).has(name);
  return comparedIn(inner, ours)
    .filter(([name, sealed]) => sealed && !opened(name))
    .map(([name]) => name);
}

/** Return true for equal JSON values; objects are Maps. */
function alike(one, other) {
  if (one instanceof Map) {
    const same = other instanceof Map && one.size === other.size;
    return same && [...one].every(([name, value]) => other.has(name) && alike(value, other.get(name)));
  }
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((value, n) => alike(value, other[n]));
  }
  return one === other;
}

/** SD-COPIED on the wrapper of an entry of another record that repeats a commitment of an entry of this record. */
export function noteArrivedCopies(opened, arrivals, book) {
  const first = new Map();
  for (const [index, { sd }] of [...opened].sort(([one], [other]) => bySize(one, other))) {
    for (const digest of sd) if (!first.has(digest)) first.set(digest, index);
  }
  const here = new Set([...opened.values()].map(({ leaf }) => leaf));
  for (const { index, wrapper, inner } of arrivals) {
    if (!inner || here.has(inner.leaf)) continue;
    const earlier = inner.sd.filter((digest) => first.has(digest)).map((digest) => first.get(digest));
    if (earlier.length) book.remark('SD-COPIED', ['arrived-copied', index, earlier.sort(bySize)[0]], wrapper.leaf);
    for (const digest of inner.sd) if (!first.has(digest)) first.set(digest, index);
  }
}

/** Compare what entries state about another record (`other`) with the entry from there: ENT-MISMATCH, ENT-ABSENT. */
async function checkReferences(opened, parts, logs, book) {
  const files = new Map();
  for (const [name, raw] of parts.foreign) if (name.length === 64) files.set(hex(leafHash(raw)), name);
  for (const [index, entry] of opened) {
    const { other } = entry;
    if (!other || (entry.kind === KIND && knownKind(entry)) || entry.order === (await registryOf(entry.log))) continue;
    const name = files.get(other.leaf);
    const where = ['reference', index, other.index, other.origin];
    if (name === undefined) {
      book.remark(ABSENT, ['reference-absent', where], entry.leaf);
      continue;
    }
    try {
      await checkReference(name, parts, other, logs);
    } catch (wrong) {
      const { code, says } = wrongOrMissing(wrong);
      if (wrong instanceof NotProven) book.notProven.push(['unproven-reference', where, says]);
      else book.remark(MISMATCH, ['reference-wrong', where, code, says], entry.leaf);
    }
  }
}

async function checkReference(name, parts, { origin, index }, logs) {
  const raw = parts.foreign.get(name);
  const inner = await openEntry(raw);
  if (inner.log !== origin) throw new Refused('CTX-LOG', ['other-log', inner.log, origin]);
  const proof = parts.foreign.get(`${name}.tlog-proof`);
  if (!proof) throw new NotProven('PRF-FORMAT', 'lacks-proof', origin);
  await checkedPlace(inner, raw, parseProof(proof), index, '', logs);
}
