/**
 * Check the place of an entry: log, order, number, predecessor, instrument, no replay (ledger/entries/placement.py).
 */
import { concat, encoded, equal, hex, unhex } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { vocabulary } from '../../vocabulary.mjs';

const URL_NAMESPACE = unhex('6ba7b8119dad11d180b400c04fd430c8'); // RFC 9562, 6.6

/** The kind of entry in a map order that states the root over all heads. */
export const HEADS_COMMITTED = 'heads-committed';

/** Return the UUIDv5 of a name in the URL namespace (RFC 9562, 5.5). */
async function uuidOf(name) {
  const digest = await crypto.subtle.digest('SHA-1', concat(URL_NAMESPACE, encoded(name)));
  const bytes = new Uint8Array(digest, 0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Return the reserved id of the registry order of a ledger. */
export const registryOf = (origin) => uuidOf(origin);

/**
 * Return, as a Refused, the rule that a log breaks if it holds both entries at these places; null if it breaks none.
 * SPLIT-ORDER: no chain of their order has both. MAP-SPLIT: they commit two maps of the same entries. CTX-REPLAY: they
 * have one entry id.
 */
export function atOdds(one, at, two, then) {
  if (one.log !== two.log || (one.leaf === two.leaf && at === then)) return null;
  const says = (...text) => new Refused('SPLIT-ORDER', text, one.order);
  if (one.order === two.order) {
    if (one.seq === two.seq && one.leaf !== two.leaf) return says('odds-place', one.seq, one.order);
    for (const [earlier, later] of [
      [one, two],
      [two, one],
    ]) {
      if (later.seq === earlier.seq + 1 && later.prev !== earlier.leaf) {
        return says('odds-chain', later.seq, later.order, earlier.seq);
      }
    }
  }
  if (one.order === two.order && one.instrument === null) {
    const [ours, theirs] = [stated(one), stated(two)];
    if (ours && theirs && ours.size === theirs.size && !equal(ours.root, theirs.root)) {
      return new Refused('MAP-SPLIT', ['odds-map', ours.size], one.order);
    }
  }
  return one.entry === two.entry ? new Refused('CTX-REPLAY', ['odds-id', one.entry], one.order) : null;
}
/** Return the id of the map order of a ledger, which has the heads that its operator committed. */
export const mapOf = (origin) => uuidOf(`${origin}/map`);

/** Return the id of the access order of a ledger, which has an entry for every opening of sealed values. */
export const accessOf = (origin) => uuidOf(`${origin}/access`);

/** Return the reserved ids of a ledger: registry order, access order and map order. */
export const reservedOf = async (origin) => [
  await registryOf(origin),
  await accessOf(origin),
  await mapOf(origin),
];

/**
 * Return the size and the root of the map of heads to which an entry commits its ledger: {size, root}; null if to none. Only
 * an entry in a role that may sign the kind commits it.
 */
export async function committedBy(entry) {
  return entry.order === (await mapOf(entry.log)) ? stated(entry) : null;
}

/** KEY-ROLE for an entry that commits heads in a role that may not. */
export function checkCommits(entry) {
  const { kind, signer } = entry;
  if (kind === HEADS_COMMITTED && !maySign(entry)) {
    throw new Refused('KEY-ROLE', ['may-not-sign', signer.actor, kind, signer.role]);
  }
}

const maySign = ({ signer }) => vocabulary.kinds[HEADS_COMMITTED].signers.includes(signer.role);

function stated({ kind, schema, signer, public: said }) {
  if (kind !== HEADS_COMMITTED || schema !== 1 || !maySign({ signer })) return null;
  const [size, root] = [said.get('size'), said.get('map_root')];
  if (!Number.isInteger(size) || typeof root !== 'string' || !/^[0-9a-f]{64}$/.test(root)) return null;
  return { size: BigInt(size), root: unhex(root) };
}

/** Follow every order of one log entry by entry; `heads` has the newest of each as {seq, leaf, instrument}. */
export class Chains {
  static async of(origin) {
    return new Chains(origin, await reservedOf(origin));
  }

  constructor(origin, reserved) {
    Object.assign(this, { origin, reserved, heads: new Map(), seen: new Set() });
  }

  /** Add the next entry of its order; CTX-REPLAY, CTX-LOG, CTX-CHAIN, CTX-INSTRUMENT. */
  follow(entry) {
    if (this.seen.has(entry.entry)) throw new Refused('CTX-REPLAY', ['replay', entry.entry]);
    this.checkPlace(entry, this.heads.get(entry.order));
    this.seen.add(entry.entry);
    this.heads.set(entry.order, { seq: entry.seq, leaf: entry.leaf, instrument: entry.instrument });
  }

  checkPlace({ log, order, seq, prev, instrument }, before) {
    const expected = before ? before.seq + 1 : 1;
    if (log !== this.origin) throw new Refused('CTX-LOG', ['place-log', log, this.origin]);
    if (seq !== expected) throw new Refused('CTX-CHAIN', ['place-number', seq, expected]);
    if (prev !== (before?.leaf ?? null)) throw new Refused('CTX-CHAIN', ['place-prev', seq]);
    if (before && instrument !== before.instrument) {
      throw new Refused('CTX-INSTRUMENT', [
        'place-instrument',
        instrument ?? ['no-instrument'],
        before.instrument ?? ['no-instrument'],
      ]);
    }
    if (this.reserved.includes(order) !== (instrument === null)) {
      throw new Refused('CTX-INSTRUMENT', ['place-reserved']);
    }
  }
}
