/** Compare a file in the reader's hand with the steps of custody, as `comity check` does (projections/views/custody.py). */
import { EntriesThatCount, Offices } from './entries_that_count.mjs';
import { Exhibits, GIVEN, digestsOf, same, speaksOf, unread } from './exhibit_digests.mjs';
import { caseEntries, inOrder } from './case_entry.mjs';
import { ranked } from './record_order.mjs';

const HANDS = [
  'data-disclosed',
  'data-transmitted-by-state',
  'evidence-received',
  'custody-transferred',
  'evidence-accessed',
  'working-copy-made',
  'evidence-sealed',
  'analysis-performed',
  'use-restricted',
  'data-returned',
  'data-destroyed',
];

/** The steps of custody at a moment. `own` are entries of an order in the order of the log, `registry` the register. */
export class Custody {
  constructor(own, registry, at) {
    const offices = new Offices(registry.filter(({ on }) => on <= at));
    const entries = ranked(own);
    const counting = new EntriesThatCount(entries, offices, at);
    const steps = entries.filter((entry) => HANDS.includes(entry.kind) && !counting.isOfAnotherState(entry));
    const exhibits = new Exhibits(counting, steps);
    this.counting = counting;
    this.byLeaf = counting.byLeaf;
    this.at = at;
    this.hands = exhibits.steps.map((entry) => ({
      entry,
      files: digestsOf(entry),
      firsts: exhibits.firsts(entry),
      unread: unread(entry),
      isReplaced: counting.replacements.has(entry.leaf),
    }));
  }

  /** Return the steps of custody of a report of `verify`, as of the moment of the bundle. */
  static of({ own, registry, acts, proves, at }) {
    const [order, register] = [{ own, acts, proves }, { own: registry, acts: [], proves }].map(caseEntries);
    return new Custody(order, register, at);
  }

  /** Return the algorithms with which files are named here, except SHA-256: sha512, and any of a `digest`. */
  get algorithms() {
    const files = this.hands.flatMap((hand) => hand.files);
    const others = files.filter(({ digest }) => digest).map(({ digest }) => digest.split(':')[0]);
    return [...new Set([...(files.some(({ sha512 }) => sha512) ? ['sha512'] : []), ...others])];
  }

  /**
   * Compare a file: `files` are its name and digests, once for each further algorithm.
   *
   * `verdict` is `equal` to what was first stated, `differs` from it, or `unknown`. `equal` and `differs` are the
   * entries that state its digest, or another one of the same item; `first` the first entry that states its digest;
   * `given` the disclosure or transmission that states it and is proven to be its signer's own act; without one,
   * `reported` the first that another office reports; an act without legal effect is neither;
   * `changed` the first entry with another digest after the last with this one, and null for a file that no entry
   * states: it may have changed in the reader's own hands. `unread` are entries whose digests cannot be read here,
   * `replaced` entries that stated a digest of it before they were replaced.
   */
  compare(files) {
    const standing = this.hands.filter(({ isReplaced }) => !isReplaced);
    const [found, before] = [standing, this.hands.filter(({ isReplaced }) => isReplaced)].map((hands) =>
      best(files.map((file) => trace(hands, file))),
    );
    const entries = (hands) => hands.map(({ entry }) => entry);
    const [equal, differs] = [entries(found.equal), entries(found.differs)];
    const stating = [...equal, ...found.firsts.map(({ leaf }) => this.byLeaf.get(leaf))].sort(inOrder);
    const last = equal.at(-1);
    const handing = stating.filter(({ kind, on }) => GIVEN.includes(kind) && on <= this.at);
    const isAct = (entry) => this.counting.wouldCount(entry) && this.counting.firstHand(entry);
    const given = handing.find(isAct) ?? null;
    const reported = given ? null : (handing.find(({ speaks, held }) => speaks !== 'act' && held) ?? null);
    return {
      verdict: found.isAsStated ? 'equal' : equal.length || differs.length ? 'differs' : 'unknown',
      equal,
      differs,
      first: stating[0] ?? null,
      given,
      reported,
      changed: (last && differs.find(({ on }) => on > last.on)) ?? null,
      unread: standing.filter((hand) => hand.unread).map(({ entry }) => entry),
      replaced: [...entries(before.equal), ...entries(before.differs)],
    };
  }
}

/** Return the comparison that decides most: equal before another digest, and that before none. */
function best(traces) {
  const rank = ({ isAsStated, equal, differs }) => (isAsStated ? 2 : equal.length || differs.length ? 1 : 0);
  return traces.reduce((one, other) => (rank(other) > rank(one) ? other : one));
}

/** Compare one file with the steps about it: about its exhibit, and the disclosure it came by. */
function trace(hands, file) {
  const states = (hand) => hand.files.some((digest) => same(digest, file));
  const equal = hands.filter(states);
  const all = hands.flatMap((hand) => hand.firsts);
  const firsts = all.filter((first) => same(first.digest, file));
  const own = equal.flatMap((hand) => hand.files.filter((d) => same(d, file)).flatMap((d) => speaksOf(d, hand.firsts)));
  let about = [...firsts, ...own];
  if (!equal.length && !about.length) about = all.filter((first) => first.digest.name === file.name);
  const keys = new Set(about.map(({ key }) => key));
  const isAnother = (hand) => (digest) =>
    same(digest, file) === false && speaksOf(digest, hand.firsts).some(({ key }) => keys.has(key));
  const differs = hands.filter((hand) => !states(hand) && hand.files.some(isAnother(hand)));
  return { equal, differs, firsts, isAsStated: firsts.length > 0 };
}
