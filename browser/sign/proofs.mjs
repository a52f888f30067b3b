/**
 * Check what the desk says of the log: its head, that this head continues the one seen before, the place of the next
 * entry, and receipts. All by the key of the log that was pinned when the key of the person was enrolled.
 */
import { openEntry } from '../check/entries/envelope.mjs';
import { encoded, equal, hex, unb64, unhex } from '../check/formats/bytes.mjs';
import { openCheckpoint, parseVkey } from '../check/tlog/note.mjs';
import { checkConsistency, checkInclusion, parseProof } from '../check/tlog/tree.mjs';
import { Refused } from '../check/errors.mjs';

/** Return the keys of a log from its text in a trust policy: one verifier key, or several with spaces between. CP-KEY. */
export const logKeys = (text) => text.split(' ').map(parseVkey);

/** Return a head {size, note} as {size (BigInt), root}, if the log has signed it; CP-*, API-FALSE. */
export async function openHead(head, ledger) {
  const { checkpoint } = await openCheckpoint(encoded(head.note), ledger.log, logKeys(ledger.key), []);
  if (checkpoint.size !== BigInt(head.size)) throw new Refused('API-FALSE', ['sign-head-size']);
  return checkpoint;
}

/**
 * Check that a tree continues an earlier one, both {size, root}: SPLIT-VIEW, LOG-ROLLBACK, CP-CONSISTENCY, and API-FALSE
 * without the proof {start, end, path} between them.
 */
export function checkContinues(earlier, later, proof) {
  if (later.size < earlier.size) throw new Refused('LOG-ROLLBACK', ['sign-rollback', later.size, earlier.size]);
  if (later.size === earlier.size) {
    if (!equal(later.root, earlier.root)) throw new Refused('SPLIT-VIEW', ['sign-split', later.size]);
    return;
  }
  if (earlier.size === 0n) return;
  if (proof === null || BigInt(proof.start) !== earlier.size || BigInt(proof.end) !== later.size) {
    throw new Refused('API-FALSE', ['sign-consistency', earlier.size, later.size]);
  }
  checkConsistency(earlier.size, later.size, earlier.root, later.root, proof.path.map(hashOf));
}

/** Check that a tree continues the one that the page has seen before in this log; nothing before the first. */
export function checkRemembered(ledger, later, proof) {
  if (ledger.size) checkContinues({ size: BigInt(ledger.size), root: unhex(ledger.root) }, later, proof);
}

/**
 * Return the place behind the newest entry of an order, {log, seq, prev, instrument, begun}: this entry and the one that
 * began the order are in the log under the head of the answer, which the tree `head` continues. ENV-*, SIG-BAD, PRF-*,
 * CP-*, API-FALSE.
 */
export async function openPlace(place, order, ledger, head, proof) {
  const tree = await openHead(place.head, ledger);
  checkContinues(tree, head, proof);
  const { newest } = place;
  const opened = await openProven(newest, tree);
  const shown = [newest.leaf, place.order, place.prev, place.seq, place.instrument];
  const proven = [opened.leaf, opened.order, opened.leaf, opened.seq + 1, opened.instrument];
  if (opened.log !== ledger.log || opened.order !== order || shown.some((each, n) => each !== proven[n])) {
    throw new Refused('API-FALSE', ['sign-place']);
  }
  return { log: ledger.log, seq: place.seq, prev: place.prev, instrument: place.instrument, begun: await openBegun(place, ledger, tree) };
}

/**
 * Return how an order began, {kind, reference, actor, on}, from the entry that issued it or from its first one; null where
 * the place has neither. API-FALSE.
 */
async function openBegun({ begun, order }, ledger, tree) {
  if (begun === null) return null;
  const first = await openProven(begun, tree);
  const issued = first.kind === 'order-issued';
  if (first.log !== ledger.log || first.order !== order || !(issued || first.seq === 1)) throw new Refused('API-FALSE', ['sign-begun']);
  const reference = (issued && (first.public.get('reference') ?? first.public.get('case_ref'))) || null;
  return { kind: first.kind, reference, actor: first.signer.actor, on: first.on };
}

/** Open an entry that is in the log under a tree; ENV-*, SIG-BAD, PRF-*, API-FALSE. */
async function openProven({ entry, index, path }, tree) {
  const opened = await openEntry(encoded(entry));
  checkInclusion(BigInt(index), tree.size, unhex(opened.leaf), path.map(hashOf), tree.root);
  return opened;
}

/**
 * Check the receipts of the entries that were signed here, in their order, and return the tree that has them. Each is
 * proven under one signed head, which continues what the page has seen. PRF-*, CP-*, LOG-ROLLBACK, SPLIT-VIEW, API-FALSE.
 */
export async function checkReceipts(receipts, signed, ledger, proof) {
  if (receipts.length !== signed.length) throw new Refused('API-FALSE', ['sign-receipts', receipts.length, signed.length]);
  let tree = null;
  for (const [n, receipt] of receipts.entries()) {
    const members = ['leaf', 'entry', 'order', 'seq'];
    if (members.some((name) => receipt[name] !== signed[n][name])) throw new Refused('API-FALSE', ['sign-receipt-other']);
    const parsed = parseProof(encoded(receipt.proof));
    const { checkpoint } = await openCheckpoint(parsed.note, ledger.log, logKeys(ledger.key), []);
    if (parsed.index !== BigInt(receipt.index)) throw new Refused('API-FALSE', ['sign-receipt-other']);
    checkInclusion(parsed.index, checkpoint.size, unhex(receipt.leaf), parsed.path, checkpoint.root);
    tree ??= checkpoint;
    if (checkpoint.size !== tree.size || !equal(checkpoint.root, tree.root)) {
      throw new Refused('API-FALSE', ['sign-receipt-heads']);
    }
  }
  checkRemembered(ledger, tree, proof);
  return tree;
}

/** Return what the store keeps of a tree. */
export const remembered = (tree) => ({ size: Number(tree.size), root: hex(tree.root) });

function hashOf(text) {
  try {
    return unb64(text);
  } catch {
    throw new Refused('API-FALSE', ['sign-hash']);
  }
}
