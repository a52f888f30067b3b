/**
 * Compare a bundle with another bundle of the same log, as in ledger/verify/earlier_bundles.py. Each history of a
 * forked order verifies alone; two of them together prove the fork.
 */
import { bySize, equal } from '../formats/bytes.mjs';
import { atOdds } from '../entries/placement.mjs';
import { beginning, proveOmission, proveOrder, proveSplit } from './exhibits.mjs';
import { hashes } from './heads.mjs';
import { COMMIT, MANIFEST } from '../bundle/layout.mjs';
import { Contradiction, Refused } from '../errors.mjs';
import { ED25519 } from '../tlog/note.mjs';
import { checkConsistency } from '../tlog/tree.mjs';

/**
 * Return what the other bundle shows, {origin, entries, heads, parts, consistency}, if it is of the same log and signed by the
 * same trusted keys. Otherwise report that, and return null.
 */
export function comparable(known, manifest, policy, book) {
  const keys = known && [...known.heads.all.values()].flatMap(({ signers }) => signers.map(({ text }) => text));
  const judging = new Set(policy.logs.map(({ text }) => text));
  if (!known || (known.origin === manifest.log && keys.every((key) => judging.has(key)))) return known;
  book.gravest.push(['unproven-not-compared', known.origin]);
  return null;
}

// -- step 6 -----------------------------------------------------------------------------------------------------------

/** Compare the checkpoints of a bundle with the known ones: SPLIT-VIEW. */
export function checkKnownHeads(heads, parts, known, book) {
  const head = heads.head.checkpoint;
  const apart = new Set();
  for (const { checkpoint: there, signers, note } of known.heads.all.values()) {
    for (const [digest, { checkpoint: here, ...ours }] of heads.all) {
      if (here.size === there.size && !equal(here.root, there.root)) {
        const pair = [shared(ours.signers, signers), ours.note, note];
        throw new Contradiction('SPLIT-VIEW', ['split-view', there.size], heads.where(digest), () => proveSplit([pair]));
      }
    }
    if (head.size === there.size || head.size === 0n || there.size === 0n) continue;
    const [small, large] = [head, there].sort((one, other) => bySize(one.size, other.size));
    const common = shared(heads.head.signers, signers);
    const signed = common.some(({ type }) => type === ED25519); // an exhibit names such a key
    let connected = false;
    for (const path of paths([parts.consistency, known.consistency], `${small.size}-${large.size}`)) {
      try {
        checkConsistency(small.size, large.size, small.root, large.root, path);
        connected = true;
      } catch (wrong) {
        if (!(wrong instanceof Refused)) throw wrong;
        if (signed && contradict(small, large, path)) {
          const pair = [common, heads.head.note, note, path];
          throw new Contradiction('SPLIT-VIEW', wrong.says, heads.where(heads.headDigest), () => proveSplit([pair]));
        }
      }
    }
    if (!connected) apart.add(there.size);
  }
  if (apart.size) book.notProven.push(['unproven-connected', [...apart].sort(bySize).join(', ')]);
}

/** Return the keys that are among those of both. */
const shared = (ours, theirs) => ours.filter((key) => theirs.some(({ text }) => text === key.text));

/** Return the proofs of this name that can be read. */
function paths(proofs, name) {
  return proofs.flatMap((each) => {
    try {
      return each.has(name) ? [hashes(each.get(name))] : [];
    } catch (wrong) {
      if (wrong instanceof Refused) return [];
      throw wrong;
    }
  });
}

/** Return true if the path shows that the smaller tree is not a prefix of the larger. */
function contradict(small, large, path) {
  const began = beginning(small.size, large.size, path);
  if (!began || equal(began, small.root)) return false;
  try {
    checkConsistency(small.size, large.size, began, large.root, path);
    return true;
  } catch (wrong) {
    if (wrong instanceof Refused) return false;
    throw wrong;
  }
}

// -- step 10 ----------------------------------------------------------------------------------------------------------

/** Return an entry as a bundle shows it, {raw, proof, log}: what its log cannot deny. */
function shown({ heads, parts }, index) {
  const { raw = parts.commit.raw, proof = parts.commit.proof } = { raw: parts.entries.get(index), proof: parts.proofs.get(index) };
  const [log] = [...heads.head.signers].sort((a, b) => a.type - b.type || (a.text < b.text ? -1 : 1));
  return { raw, proof, log };
}

/** Compare the entries of a bundle with the known ones: SPLIT-VIEW, SPLIT-ORDER, CTX-REPLAY, CMP-CUT. */
export function checkKnownEntries(opened, manifest, heads, parts, known, book) {
  const place = ({ order, seq }, step = 0) => `${order} ${seq + step}`;
  const places = new Map([...opened].map(([index, entry]) => [place(entry), index]));
  const ids = new Map([...opened].map(([index, { entry }]) => [entry, index]));
  const theirs = [...known.entries].sort(([one], [other]) => bySize(one, other));
  let same = 0;
  for (const [index, there] of theirs) {
    if (opened.get(index)?.leaf === there.leaf) same++;
    const near = [0, -1, 1].map((step) => places.get(place(there, step)));
    for (const other of new Set([index, ...near, ids.get(there.entry)])) {
      const here = opened.get(other);
      if (!here) continue;
      const where = `${heads.folder}/entries/${other}.dsse.json`;
      const both = [shown({ heads, parts }, other), shown(known, index)];
      if (other === index && here.leaf !== there.leaf) {
        throw new Contradiction('SPLIT-VIEW', ['known-other', index], where, () => proveOmission(...both));
      }
      const broken = atOdds(here, other, there, index);
      if (broken) throw new Contradiction(broken.code, broken.says, where, () => proveOrder(...both));
    }
  }
  const size = heads.head.checkpoint.size;
  for (const [index, { order, seq }] of theirs) {
    const end = manifest.heads.get(order);
    if (end && seq > end.seq && index < size) {
      throw new Refused('CMP-CUT', ['known-cut', order, end.seq, size, seq, index], MANIFEST);
    }
  }
  book.says('orders-known', book.said[1], same);
}

/** Compare the verified entry that commits heads with the known entries: SPLIT-VIEW, SPLIT-ORDER, MAP-SPLIT, CTX-REPLAY. */
export function checkKnownCommit({ index, entry }, heads, parts, known) {
  for (const [other, there] of [...known.entries].sort(([one], [two]) => bySize(one, two))) {
    const both = [shown({ heads, parts }, index), shown(known, other)];
    if (other === index && entry.leaf !== there.leaf) {
      throw new Contradiction('SPLIT-VIEW', ['known-other', index], COMMIT, () => proveOmission(...both));
    }
    const broken = atOdds(entry, index, there, other);
    if (broken) throw new Contradiction(broken.code, broken.says, COMMIT, () => proveOrder(...both));
  }
}

// -- step 11 ----------------------------------------------------------------------------------------------------------

/** Return the known entries after the register of a bundle, in order, up to the first gap. */
export function registerAfter(known, manifest, registry) {
  const found = new Map();
  let last = manifest.heads.get(registry).leaf;
  for (const [index, entry] of [...known.entries].sort(([one], [other]) => bySize(one, other))) {
    if (entry.order !== registry || entry.prev !== last) continue;
    found.set(index, entry);
    last = entry.leaf;
  }
  return found;
}
