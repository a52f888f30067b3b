/**
 * Compare the digests of steps of custody, as in ledger/law/reading/exhibit_digests.py: the same comparison, so that
 * page and program say the same of a file.
 */
import {
  ALGORITHMS,
  DIGESTS,
  ERASED,
  WITHHELD,
  contradicts,
  filesIn,
  inOrder,
  isBroken,
  stated,
} from './case_entry.mjs';

export const GIVEN = ['data-disclosed', 'data-transmitted-by-state'];
const ARRIVALS = ['evidence-received', 'data-transmitted-by-state'];

// -- arrivals and their sources ---------------------------------------------------------------------------------------

/** Return replaced entries with the digests that no replacement states again or states anew. */
function stillStated(counting) {
  const found = [];
  for (const leaf of counting.replacements.keys()) {
    const old = counting.byLeaf.get(leaf);
    if (!counting.wouldCount(old)) continue;
    let lost = stated(old);
    for (const entry of counting.successors(leaf)) {
      const again = stated(entry);
      const [places, contents] = [placeOf, contentOf].map((key) => new Set(again.map(key)));
      const closed = (field) => [WITHHELD, ERASED].includes(entry.sealed.get(field));
      lost = lost.filter((one) => !closed(one[0]) && !places.has(placeOf(one)) && !contents.has(contentOf(one)));
    }
    if (lost.length) found.push(only(old, lost, counting.successors(leaf)));
  }
  return found;
}

const placeOf = (digest) => JSON.stringify(digest.slice(0, 3));
const contentOf = (digest) => JSON.stringify(digest.slice(2));

/** Return an entry with these digests alone; where one of two was lost, the other is the one stated since. */
function only(old, lost, after) {
  const sealed = new Map(old.sealed);
  const kept = new Set(lost.filter(([field]) => field === 'manifest').map(([, name, algorithm]) => `${algorithm} ${name}`));
  if (sealed.has('manifest')) {
    const files = filesIn(old).map(
      (file) => new Map([...file].filter(([key]) => !ALGORITHMS.includes(key) || kept.has(`${key} ${file.get('name')}`))),
    );
    sealed.set('manifest', new Map([['files', files.filter((file) => ALGORITHMS.some((name) => file.has(name)))]]));
  }
  for (const field of DIGESTS.slice(1)) {
    if (!sealed.has(field) || lost.some(([of]) => of === field)) continue;
    const since = after.map((entry) => entry.get(field)).find((value) => value !== null);
    if (since !== undefined) sealed.set(field, since);
  }
  return old.with(sealed);
}

/** Return the sources of a receipt or a transmission: the answer it names; else all that was handed over before. */
function handed(counting, arrival, kept) {
  const named = answered(counting, arrival);
  const about = arrival.get('about');
  if (named) {
    const isSame = ({ leaf }) => about === leaf || counting.successors(leaf).some((entry) => entry.leaf === about);
    return [named, ...kept.filter(({ kind }) => GIVEN.includes(kind)).filter(isSame)];
  }
  const kinds = arrival.kind === 'data-transmitted-by-state' ? GIVEN.slice(0, 1) : GIVEN;
  const all = [...counting.of(...kinds), ...kept.filter(({ kind }) => kinds.includes(kind))];
  return all.filter((source) => inOrder(source, arrival) < 0 || source.position < arrival.position);
}

/** Return the answer that a receipt or a transmission names; null without one. */
function answered(counting, arrival) {
  const named = counting.named(arrival.get('about'));
  if (!named || !GIVEN.includes(named.kind)) return null;
  return named.by === arrival.by && !counting.firstHand(named) ? null : named;
}

// -- digests ----------------------------------------------------------------------------------------------------------

/** Return the files and digests that an entry states, as far as they can be read here. */
export function digestsOf(entry) {
  const listed = filesIn(entry).map((file) =>
    Object.fromEntries(['name', 'size', ...ALGORITHMS].map((member) => [member, file.get(member) ?? null])),
  );
  const single = DIGESTS.slice(1).map((field) => entry.get(field)).filter((value) => value);
  return [...listed, ...single.map((sha256) => ({ name: '', size: null, sha256, sha512: null, digest: null }))];
}

/** Return true if all shared algorithms give the same digest, false if one differs, null if none is shared. */
export function same(one, other) {
  const pairs = ALGORITHMS.map((name) => [one[name], other[name]]).filter(([a, b]) => a && b);
  const shared = pairs.filter(([a, b]) => contradicts(a, b) || (a === b && !isBroken(a)));
  return shared.length ? shared.every(([a, b]) => a === b) : null;
}

/** Return WITHHELD or ERASED if an entry states digests that cannot be read here; else null. */
export function unread(entry) {
  const closed = DIGESTS.map((field) => entry.sealed.get(field));
  return [ERASED, WITHHELD].find((why) => closed.includes(why)) ?? null;
}

/** Return the files that a digest may belong to: the files equal to it, else the files of its name. */
export function speaksOf(digest, firsts) {
  const equal = firsts.filter((first) => same(first.digest, digest));
  if (equal.length) return equal;
  const ofName = firsts.filter((first) => [digest.name, ''].includes(first.digest.name));
  if (ofName.length) return ofName;
  return !digest.name && isOne(firsts) ? firsts : [];
}

/** Return true if all are one file, under one name or with one digest. */
function isOne(firsts) {
  const names = new Set(firsts.map(({ digest }) => digest.name));
  return names.size === 1 || firsts.every(({ digest }) => same(digest, firsts[0]?.digest));
}

const firstOf = (leaf, digest) => ({ leaf, digest, key: JSON.stringify([leaf, digest]) });

const once = (firsts) => [...new Map(firsts.map((first) => [first.key, first])).values()];

/** The steps of custody of a case in the order in which they happened, and the files of each. */
export class Exhibits {
  /** `steps` may contain replaced steps: they are compared with others. */
  constructor(counting, steps) {
    this.counting = counting;
    this.kept = stillStated(counting);
    this.steps = [...steps].sort(inOrder);
    this.standing = this.steps.filter(({ leaf }) => !counting.replacements.has(leaf));
    this.copies = new Map();
    [this.known, this.sources] = [new Map(), new Map()]; // known by step, and by name of exhibit
    [this.byExhibit, this.here] = [new Map(), new Map()];
    for (const entry of this.standing) {
      if (entry.kind === 'working-copy-made') this.copies.set(entry.get('copy'), entry.get('exhibit'));
    }
    const add = (to, key, entry) => to.set(key, [...(to.get(key) ?? []), entry]);
    for (const entry of this.standing) {
      const exhibit = entry.get('exhibit');
      if (entry.kind === 'evidence-received') add(this.byExhibit, exhibit && this.whole(exhibit), entry);
      if (exhibit) add(this.here, this.whole(exhibit), entry);
    }
    // in the order of the log: the sources of an arrival are computed before it
    const arrivals = [...counting.byLeaf.values(), ...this.kept].filter(({ kind }) => ARRIVALS.includes(kind));
    for (const entry of arrivals.sort((a, b) => a.position - b.position)) this.firsts(entry);
  }

  /** Return the first statements of the files that a step may be about; each step is computed once. */
  firsts(entry) {
    if (!this.known.has(entry)) this.known.set(entry, this.computed(entry));
    return this.known.get(entry);
  }

  computed(entry) {
    if (ARRIVALS.includes(entry.kind)) return this.ofArrival(entry);
    if (GIVEN.includes(entry.kind)) return digestsOf(entry).map((digest) => firstOf(entry.leaf, digest));
    const exhibit = entry.get('exhibit');
    if (exhibit === null) return once(this.before(entry).flatMap((source) => this.firsts(source)));
    const whole = this.whole(exhibit);
    if (!this.known.has(whole)) this.known.set(whole, this.ofExhibit(whole));
    return this.known.get(whole);
  }

  before(entry) {
    const exhibit = entry.get('exhibit');
    if (!ARRIVALS.includes(entry.kind) && exhibit !== null) {
      const receipts = this.receipts(this.whole(exhibit));
      return [...receipts, ...receipts.flatMap((receipt) => this.before(receipt))];
    }
    if (!this.sources.has(entry)) {
      const all = handed(this.counting, entry, this.kept);
      const others = all.filter((source) => source.by !== entry.by || this.counting.firstHand(source));
      this.sources.set(entry, others.length ? others : all);
    }
    return this.sources.get(entry);
  }

  ofArrival(entry) {
    const earlier = once(this.before(entry).flatMap((source) => this.ofSource(source, entry)));
    const own = digestsOf(entry).map((digest) => firstOf(entry.leaf, digest));
    if (!own.length) return earlier;
    return once(
      own.flatMap((mine) => {
        const found = speaksOf(mine.digest, earlier);
        return found.length ? found : [mine];
      }),
    );
  }

  /** Return the first statements of a source; of one recorded later, which may lead back here, its own digests. */
  ofSource(source, entry) {
    if (source.position < entry.position) return this.firsts(source);
    return digestsOf(source).map((digest) => firstOf(source.leaf, digest));
  }

  /** Return the files of an exhibit; of several, or none, also its first digest that belongs to no single file. */
  ofExhibit(exhibit) {
    const firsts = once(this.receipts(exhibit).flatMap((receipt) => this.firsts(receipt)));
    if (firsts.length && isOne(firsts)) return firsts;
    for (const entry of this.here.get(exhibit) ?? []) {
      for (const digest of digestsOf(entry)) {
        if (!digest.name && !speaksOf(digest, firsts).length) return [...firsts, firstOf(entry.leaf, digest)];
      }
    }
    return firsts;
  }

  /** Return the receipts of an exhibit, else the receipts that name none; without any, all that was handed over. */
  receipts(exhibit) {
    if (!this.byExhibit.size) return this.standing.filter(({ kind }) => GIVEN.includes(kind));
    return this.byExhibit.get(exhibit) ?? this.byExhibit.get(null) ?? [];
  }

  /** Return the exhibit of which this is a copy, or a copy of a copy; else itself. */
  whole(exhibit) {
    const seen = new Set();
    while (this.copies.has(exhibit) && !seen.has(exhibit)) {
      seen.add(exhibit);
      exhibit = this.copies.get(exhibit);
    }
    return exhibit;
  }
}
