/** One entry as the comparison of digests reads it, as in ledger/entries/case.py and ledger/entries/replacement.py. */
import { bySize } from '../formats/bytes.mjs';

/** Why a stated sealed value cannot be read here. */
export const [WITHHELD, ERASED] = ['withheld', 'erased'].map(Symbol);

export const DIGESTS = ['manifest', 'digest_before', 'digest_after']; // the fields with digests of the handed-over data
export const ALGORITHMS = ['sha256', 'sha512', 'digest']; // of a file; `digest` names its algorithm: `sha3-512:` and hex
const BROKEN = ['crc32', 'md2', 'md4', 'md5', 'sha0', 'sha1']; // with known collisions, and a checksum

export class CaseEntry {
  /** `sealed` has a value, WITHHELD or ERASED for each stated sealed field; `public` and `sealed` are Maps. */
  constructor(members) {
    Object.assign(this, members);
  }

  get actor() {
    return this.whose || this.by;
  }

  /** Return the value of a field; null if it was not stated or cannot be read here. */
  get(name) {
    if (this.public.has(name)) return this.public.get(name);
    const value = this.sealed.get(name);
    return value === undefined || value === WITHHELD || value === ERASED ? null : value;
  }

  /** The place in the order of recording: the rank among entries of several logs, else the log index. */
  get position() {
    return this.rank ?? this.index;
  }

  ranked(rank) {
    return new CaseEntry({ ...this, rank });
  }

  with(sealed) {
    return new CaseEntry({ ...this, sealed });
  }
}

/** Return entries of a report as `CaseEntry`, wrapped acts too, which have the place of their wrapper: all in order. */
export function caseEntries({ own, acts, proves }) {
  const read = (entry) => new CaseEntry({ ...membersOf(entry), proves: proves.get(entry.leaf) ?? null });
  const wrapped = acts.map(({ inner, wrapper, index, log }) =>
    new CaseEntry({
      ...membersOf(inner),
      index: Number(index),
      order: wrapper.order,
      seq: wrapper.seq,
      origin: inner.log === log ? null : inner.log,
      place: inner.log === log ? null : wrapper.public.get('index'),
      isWrapped: true,
      proves: null,
    }),
  );
  return [...own.map(read), ...wrapped].sort((a, b) => bySize(a.index, b.index));
}

export function membersOf(entry) {
  const { leaf, order, seq, speaks, on, whose, replaces, held, signer } = entry;
  const sealed = entry.sealed.map((name) => {
    if (entry.values.has(name)) return [name, entry.values.get(name)];
    return [name, entry.erased.has(name) ? ERASED : WITHHELD];
  });
  return {
    ...{ leaf, order, seq, speaks, on, held, at: entry.signed_at, index: Number(entry.index), kind: entry.shownAs },
    ...{ by: signer.actor, role: signer.role, party: signer.party, whose: whose ?? null, replaces: replaces ?? null },
    ...{ origin: null, place: null, isWrapped: false, public: entry.public, sealed: new Map(sealed) },
  };
}

/** Compare by when it happened, then by place in the record. */
export const inOrder = (a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : a.position - b.position);

/** Return leaf of a replaced entry -> the entries by its signer that replace it at a moment, the last one last. */
export function replacements(entries, at) {
  const byLeaf = new Map(entries.map((entry) => [entry.leaf, entry]));
  const place = (entry) => entry.place ?? entry.index;
  const found = new Map();
  for (const entry of entries) {
    const old = entry.held && entry.on <= at ? byLeaf.get(entry.replaces) : null;
    if (!old || old.by !== entry.by || old.origin !== entry.origin || place(old) >= place(entry)) continue;
    found.set(old.leaf, [...(found.get(old.leaf) ?? []), entry]);
  }
  return found;
}

/** Return the files of the manifest of an entry, as far as it can be read here. */
export const filesIn = (entry) => entry.get('manifest')?.get('files') ?? [];

/** Return [field, name of the file, algorithm, hex] of each digest that an entry states and that can be read here. */
export function stated(entry) {
  const listed = filesIn(entry).flatMap((file) =>
    ALGORITHMS.filter((name) => file.get(name)).map((name) => ['manifest', file.get('name'), name, file.get(name)]),
  );
  const single = DIGESTS.slice(1).filter((field) => entry.get(field));
  return [...listed, ...single.map((field) => [field, '', 'sha256', entry.get(field)])];
}

/** Return true for a digest by an algorithm for which other files with the same digest can be made. */
export const isBroken = (digest) => BROKEN.includes(digest.split(':')[0].replaceAll('-', ''));

/** Return true if two digests of one field differ and are by the same algorithm. */
export const contradicts = (a, b) => a !== b && (!a.includes(':') || a.split(':')[0] === b.split(':')[0]);
