/**
 * Check the committed heads of a bundle, as ledger/verify/completeness/committed_heads.py does: its orders have no other entries, as far
 * as the ledger committed to it.
 */
import { COMMIT, MAP } from '../../bundle/layout.mjs';
import { equal, unhex } from '../../formats/bytes.mjs';
import { Refused, placed } from '../../errors.mjs';
import { checkLookup, orderKey } from '../../tlog/patricia_tree.mjs';
import { checkLeaf, suspect } from '../entries.mjs';
import { checkPublic } from '../field_forms.mjs';
import { leafHash, parseProof, rootOver } from '../../tlog/tree.mjs';
import { checkCommits, committedBy } from '../../entries/placement.mjs';
import { openEntry } from '../../entries/envelope.mjs';

/**
 * Return the committed heads with which the orders of the bundle agree: {index, entry, size, signedAt, counts, whole};
 * null if it has none. BND-MANIFEST, the codes of an entry, MAP-*; doubts KEY-SUSPECT.
 */
export async function checkCommitted(parts, opened, manifest, keyring, times, book) {
  const { commit, mapProofs } = parts;
  if (!commit.raw && !commit.proof && !mapProofs.size) return null;
  if (!commit.raw) throw new Refused('BND-MANIFEST', ['commit-alone'], `${COMMIT}.dsse.json`);
  if (!commit.proof) throw new Refused('BND-MANIFEST', ['commit-alone'], `${COMMIT}.tlog-proof`);
  for (const order of [...new Set([...mapProofs.keys(), ...manifest.heads.keys()])].sort()) {
    if (mapProofs.has(order) && manifest.heads.has(order)) continue;
    throw new Refused('BND-MANIFEST', ['commit-orders'], `${MAP}/${order}.mptproof`);
  }
  const { head } = times.heads;
  const [index, entry, { size, root }] = await placed(COMMIT, () => openCommit(commit, head, keyring));
  const counts = new Map();
  for (const order of [...manifest.heads.keys()].sort()) {
    const counted = () => checkHead(order, mapProofs.get(order), opened, size, root);
    counts.set(order, await placed(`${MAP}/${order}.mptproof`, counted));
  }
  suspect(new Map([[index, entry]]), keyring, times, book, () => COMMIT);
  const whole = index === size && size === head.checkpoint.size - 1n;
  return { index, entry, size, signedAt: entry.signed_at, counts, whole };
}

/** Return the index of the entry that commits heads, the entry, and what it commits to: it is in the log of this head. */
async function openCommit({ raw, proof }, head, keyring) {
  const entry = await openEntry(raw);
  const { index } = parseProof(proof);
  checkLeaf(leafHash(raw), proof, index, head);
  return [index, entry, await checkCommit(entry, index, head.checkpoint.origin, keyring)];
}

/** Return what an entry commits its log to, {size, root}: its key could sign it at this place. FACT, CTX-*, KEY-*, MAP-SIZE. */
export async function checkCommit(entry, index, origin, keyring) {
  if (entry.log !== origin) throw new Refused('CTX-LOG', ['place-log', entry.log, origin]);
  checkPublic(entry);
  checkCommits(entry);
  const commit = await committedBy(entry);
  if (!commit || entry.instrument !== null) throw new Refused('CTX-ORDER', ['commit-place', entry.kind, entry.order]);
  keyring.check(entry, index);
  keyring.checkRole(entry.signer, index);
  if (commit.size < 0n || commit.size > index) throw new Refused('MAP-SIZE', ['commit-size', index, commit.size]);
  return commit;
}

/** Return how many entries of an order stand below `size`: those committed under `root`. MAP-FORMAT, MAP-PATH, MAP-HEAD. */
export function checkHead(order, proof, opened, size, root) {
  const own = [...opened].filter(([index, entry]) => entry.order === order && index < size).map(([, { leaf }]) => unhex(leaf));
  const committed = checkLookup(orderKey(order), proof, root);
  const here = own.length ? rootOver(own) : null;
  const same = committed && here ? equal(committed, here) : committed === here;
  if (!same) throw new Refused('MAP-HEAD', [committed ? 'head-other' : 'head-none', own.length, order]);
  return own.length;
}
