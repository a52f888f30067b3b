/** Steps 8 to 11: check that each entry is in the log, signed, in its place, by a key that could sign there. */
import { bySize, equal, hex } from '../formats/bytes.mjs';
import { Chains, registryOf } from '../entries/placement.mjs';
import { checkEnvelope, openEntry } from '../entries/envelope.mjs';
import { checkPublic, knownKind, noteTexts } from './field_forms.mjs';
import { Keyring } from '../entries/keyring.mjs';
import { LOG_ALGORITHMS, ROTATED, keyAt, keyStarts } from '../entries/log_keys.mjs';
import { MANIFEST } from '../bundle/layout.mjs';
import { Refused, placed } from '../errors.mjs';
import { ED25519 } from '../tlog/note.mjs';
import { checkInclusion, leafHash, parseProof } from '../tlog/tree.mjs';

// -- step 8 -----------------------------------------------------------------------------------------------------------

/**
 * Check that every entry is a canonical envelope and that its leaf is at its index in the tree of the head. ENV-*,
 * PRF-*, LEAF-DUPLICATE.
 */
export async function checkLeaves(parts, heads, book) {
  const leaves = new Map();
  for (const index of [...new Set([...parts.entries.keys(), ...parts.proofs.keys()])].sort(bySize)) {
    const where = `${heads.folder}/entries/${index}`;
    const [raw, proof] = [parts.entries.get(index), parts.proofs.get(index)];
    if (!raw || !proof) throw new Refused('PRF-FORMAT', ['proof-alone'], where);
    await placed(`${where}.dsse.json`, () => checkEnvelope(raw));
    const leaf = leafHash(raw);
    await placed(`${where}.tlog-proof`, () => checkLeaf(leaf, proof, index, heads.head));
    const first = leaves.get(hex(leaf));
    if (first !== undefined) throw new Refused('LEAF-DUPLICATE', ['leaf-again', first], `${where}.dsse.json`);
    leaves.set(hex(leaf), index);
  }
  book.says('leaves', parts.entries.size, heads.head.checkpoint.size);
}

/** Check that a proof leads from entry `index` to this head and contains its note: PRF-FORMAT, PRF-INDEX, PRF-PATH. */
export function checkLeaf(leaf, proof, index, head) {
  const parsed = parseProof(proof);
  if (!equal(parsed.note, head.note)) throw new Refused('PRF-FORMAT', ['proof-other-checkpoint']);
  if (parsed.index !== index) throw new Refused('PRF-INDEX', ['proof-other-entry', parsed.index, index]);
  checkInclusion(index, head.checkpoint.size, leaf, parsed.path, head.checkpoint.root);
}

// -- step 9 -----------------------------------------------------------------------------------------------------------

/** Return every entry by log index, with signature and payload checked: SIG-BAD, JSON-*, SD-*, FACT. */
export async function openEntries(parts, heads, book) {
  const opening = [...parts.entries].map(([index, raw]) =>
    placed(`${heads.folder}/entries/${index}.dsse.json`, async () => {
      const entry = await openEntry(raw);
      checkPublic(entry);
      return [index, entry];
    }),
  );
  const settled = await Promise.allSettled(opening); // concurrently; the first wrong one is reported
  const wrong = settled.find(({ status }) => status === 'rejected');
  if (wrong) throw wrong.reason;
  const opened = new Map(settled.map(({ value }) => value));
  for (const entry of opened.values()) noteTexts(entry, book);
  book.says('signatures', opened.size);
  return opened;
}

// -- step 10 ----------------------------------------------------------------------------------------------------------

/** Check that each order is a complete chain 1..m that ends where the manifest states: CTX-*. */
export async function checkPlaces(opened, manifest, heads, book) {
  const chains = await Chains.of(manifest.log);
  for (const [index, entry] of opened) {
    await placed(`${heads.folder}/entries/${index}.dsse.json`, () => chains.follow(entry));
  }
  const cut = (...says) => new Refused('CTX-CHAIN', says, MANIFEST);
  for (const order of [...new Set([...chains.heads.keys(), ...manifest.heads.keys()])].sort()) {
    const [here, said] = [chains.heads.get(order), manifest.heads.get(order)];
    if (!here) throw cut('chain-absent', order, said.seq, said.leaf.slice(0, 8));
    if (!said) throw cut('chain-unsaid', order, here.seq);
    if (here.seq !== said.seq || here.leaf !== said.leaf) {
      throw cut('chain-ends', order, here.seq, said.seq, said.leaf.slice(0, 8));
    }
  }
  if (!chains.heads.has(manifest.order)) throw cut('order-absent');
  if (!chains.heads.has(await registryOf(manifest.log))) throw cut('registry-absent');
  book.says('orders', chains.heads.size);
}

// -- step 11 ----------------------------------------------------------------------------------------------------------

/** Return the trusted registrar; without one, for information only, the signer of the first entry of the registry. */
export function chooseRegistrar(trust, opened, registry, book) {
  if (trust?.registrar) return trust.registrar;
  const first = [...opened.values()].find((entry) => entry.order === registry).signer;
  book.notProven.push(['unproven-registrar', first.actor]);
  return first;
}

/**
 * Check that each entry, and the manifest, is signed by a key that could sign at its position: KEY-*, CP-KEY.
 *
 * `later` are entries after the register of the bundle that are known from another bundle. Doubts KEY-SUSPECT where a
 * key was reported later, KEY-SCHEMA for entries on keys that this page does not know.
 */
export async function checkKeys(opened, manifest, registrar, registry, heads, times, book, later) {
  const keyring = new Keyring(registry, registrar);
  for (const [index, entry] of opened) {
    await placed(`${heads.folder}/entries/${index}.dsse.json`, () => keyring.admit(entry, index));
  }
  checkMaker(keyring, manifest, heads.head.checkpoint.size);
  for (const [index, entry] of later) keyring.admit(entry, index);
  checkLogKeys(new Map([...opened, ...later]), heads);
  const where = (index) => `${heads.folder}/entries/${index}.dsse.json`;
  suspect(opened, keyring, times, book, where);
  doubtUnread(keyring, book, where);
  book.says('keys', keyring.keys.size, keyring.offices.size);
  return keyring;
}

function checkMaker(keyring, { signer }, size) {
  const key = keyring.keys.get(signer.key);
  if (!key || key.accepted === null || key.actor !== signer.actor) {
    throw new Refused('KEY-UNKNOWN', ['maker-unknown', signer.actor, size], MANIFEST);
  }
  if (key.ended !== null) throw new Refused('KEY-ENDED', ['key-ended', key.actor, key.ended], MANIFEST);
  if (keyring.offices.get(signer.actor)?.party !== signer.party) {
    throw new Refused('KEY-UNKNOWN', ['not-an-office', signer.actor, signer.party], MANIFEST);
  }
  if (!keyring.holds(signer, size)) {
    throw new Refused('KEY-ROLE', ['role-not-held', signer.actor, signer.role], MANIFEST);
  }
}

/** Read from a rotation of the log key which sizes each of the two keys signs; a note may be signed by both. */
export function checkLogKeys(opened, heads) {
  for (const said of rotationsIn(opened.values())) {
    const from = BigInt(said.get('from_size'));
    for (const [digest, { checkpoint, signers }] of heads.all) {
      const keys = signers.map((key) => key.text);
      let [wanted, other] = [said.get('old_key'), said.get('new_key')];
      if (checkpoint.size >= from) [wanted, other] = [other, wanted];
      if (keys.includes(other) && !keys.includes(wanted)) {
        throw new Refused('CP-KEY', ['key-size', checkpoint.size], heads.where(digest));
      }
    }
  }
}

/**
 * Doubts CP-KEY where several keys of the log signed notes, and neither register nor policy gives their sizes.
 */
export function checkRotations(opened, heads, trust, book) {
  const signers = [...heads.all.values()].flatMap((head) => head.signers);
  const named = new Set(trust?.sizes?.keys() ?? []);
  for (const said of rotationsIn(opened.values())) named.add(said.get('old_key')).add(said.get('new_key'));
  for (const kind of LOG_ALGORITHMS.keys()) {
    const signed = new Set(signers.filter(({ type }) => type === kind).map(({ text }) => text));
    if (signed.size > 1 && ![...signed].every((key) => named.has(key))) {
      book.doubt('CP-KEY', ['rotation-unsaid', signed.size], heads.folder);
    }
  }
}

/**
 * Check that no line of the log is missing: for each algorithm of its keys in the policy, a key signed each checkpoint.
 *
 * CP-KEY where a signed policy or the register says that a key of the policy signs the size. Where neither does, a head
 * without a line is a doubt: the key begins later, or a line was taken away.
 */
export function checkLines(opened, heads, policy, trust, book) {
  const { origin } = heads.head.checkpoint;
  const starts = keyStarts(rotationsIn(opened.values()));
  for (const [kind, algorithm] of LOG_ALGORITHMS) {
    const named = policy.logs.filter(({ name, type }) => name === origin && type === kind).map(({ text }) => text);
    const spans = named.map((key) => trust?.sizes?.get(key)).filter((span) => span);
    for (const [digest, { checkpoint, signers }] of heads.all) {
      const { size } = checkpoint;
      if (!named.length || signers.some(({ type }) => type === kind)) continue;
      if (isDue(kind, size, named, spans, starts.get(kind))) {
        throw new Refused('CP-KEY', ['line-due', algorithm, size], heads.where(digest));
      }
      if (digest === heads.headDigest && !spans.length) book.doubt('CP-KEY', ['line-unproven', algorithm], heads.where(digest));
    }
  }
}

/** Return true if a key of the policy signs this size; without a rotation, the log has had one Ed25519 key. */
function isDue(kind, size, named, spans, starts) {
  if (spans.length) return spans.some(({ first, end }) => size >= first && size < end);
  return (kind === ED25519 && !starts.size) || named.includes(keyAt(starts, size));
}

/** Return the public values of the rotations of a key of the log. */
const rotationsIn = (entries) =>
  [...entries].filter((entry) => entry.kind === ROTATED && knownKind(entry)).map((entry) => entry.public);

/**
 * Doubt KEY-SUSPECT for the entries of a key that was reported later, except those proven to be older than the suspicion;
 * `where` returns the file of an entry.
 */
export function suspect(opened, keyring, times, book, where) {
  for (const { key, actor, reported, suspectedSince } of keyring.keys.values()) {
    if (reported === null) continue;
    const signed = [...opened].filter(([index, { signer }]) => signer.key === key && index < reported);
    const doubtful = signed.map(([index]) => index).filter((index) => !times.before(index, suspectedSince));
    if (doubtful.length) {
      const says = ['key-suspect', actor, suspectedSince, doubtful.length, doubtful.join(', ')];
      book.doubt('KEY-SUSPECT', says, where(doubtful[0]));
    }
  }
}

const NAMED = 20; // the most entries that a sentence lists

/** Doubt KEY-SCHEMA if the register has entries on keys of a later version; `where` returns the file of an entry. */
export function doubtUnread({ unread }, book, where) {
  if (!unread.length) return;
  const listed = [...unread.slice(0, NAMED), ...(unread.length > NAMED ? ['...'] : [])].join(', ');
  book.doubt('KEY-SCHEMA', ['key-schema', unread.length, listed], where(unread[0]));
}
