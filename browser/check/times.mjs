/**
 * Step 12: when an entry was signed, proven from both sides, and what is claimed about it (ledger/verify/time_brackets.py).
 *
 * Whoever cites a cosigned note signed after the witnesses did; a head that contains an entry and was cosigned, or
 * stamped by an authority, shows that it existed by then. With f witnesses that may lie, the (f+1)-th time from the
 * suspicious end is an honest one.
 */
import { bySize } from './bytes.mjs';
import { DRIFT } from './heads.mjs';
import { secondsOf, wire } from './shape.mjs';

const END_OF_TIME = 253_402_300_799; // the last second of year 9999

/**
 * What times from outside say about positions of the log, in seconds since 1970: those of witnesses, unless the policy
 * gives no bracket, and `stamped`, by when notes existed by their digest, as time-stamp authorities say.
 */
export class Times {
  constructor(heads, policy, stamped = new Map()) {
    this.heads = heads;
    this.stamped = stamped;
    this.faults = policy.faults();
    this.voters = new Set([...policy.voters()].map((name) => policy.witnesses.get(name)));
    const seen = [...heads.all.values()].map((head) => [head, this.of(head)[this.faults]]);
    const dated = [...stamped].map(([digest, time]) => [heads.all.get(digest), Math.ceil(time)]);
    const known = [...seen, ...dated].filter(([, time]) => time !== undefined);
    known.sort(([one], [other]) => bySize(other.checkpoint.size, one.checkpoint.size));
    let earliest = END_OF_TIME;
    this.byThen = known.map(([{ checkpoint }, time]) => {
      earliest = Math.min(earliest, time);
      return { size: checkpoint.size, time: earliest }; // by a head of this size or of a larger one
    });
  }

  /** The times that voters give to a head, in order; none where too few do. */
  of(head) {
    const times = head.cosignatures.filter(([key]) => this.voters.has(key)).map(([, time]) => time);
    return this.faults === null || times.length <= this.faults ? [] : times.sort(bySize);
  }

  /** The earliest proven moment at which entry `index` existed; null for none. */
  notAfter(index) {
    return this.byThen.findLast(({ size }) => size > index)?.time ?? null;
  }

  /** The latest proven moment before which the entry cannot have been signed; null for none. */
  notBefore(entry) {
    return entry.seen ? this.seenAt(entry.seen.note) : null;
  }

  /** The latest proven moment before which a note cannot have been as it is, cosignatures included; null for none. */
  seenAt(digest) {
    const head = this.heads.all.get(digest);
    const times = head ? this.of(head) : [];
    return times.length ? Math.min(times.at(-1 - this.faults), END_OF_TIME) : null;
  }

  /** When the witnesses last saw the head; where none counts, by when it existed as a time stamp shows. */
  headSeen() {
    return this.seenAt(this.heads.headDigest) ?? this.stamped.get(this.heads.headDigest) ?? null;
  }

  /** True if entry `index` is proven to have existed before an instant of the wire. */
  before(index, moment) {
    const end = this.notAfter(index);
    return end !== null && end < secondsOf(moment);
  }
}

/**
 * {index, notBefore, notAfter, on, signedAt} of every entry, and what does not fit: TIME-SEEN, TIME-FUTURE, TIME-LATE,
 * TIME-CLAIM.
 */
export function checkTimes(opened, times, book) {
  const brackets = [];
  for (const [index, entry] of opened) {
    const [notBefore, notAfter] = [times.notBefore(entry), times.notAfter(index)];
    const bracket = { index, notBefore, notAfter, on: secondsOf(entry.on), signedAt: secondsOf(entry.signed_at) };
    brackets.push(bracket);
    checkSeen(index, entry, times.heads, book);
    checkClaims(bracket, entry, book);
  }
  if (times.faults === null && brackets.every((b) => b.notAfter === null)) book.says('brackets-none');
  else {
    const late = brackets.filter((b) => b.notAfter === null).length;
    book.says('brackets', brackets.length, brackets.filter((b) => b.notBefore === null || b.notAfter === null).length);
    if (late) book.notProven.push(['unproven-late', late]);
  }
  const cited = new Set([...opened.values()].filter(({ seen }) => seen).map(({ seen }) => seen.note));
  const absent = [...cited].filter((note) => !times.heads.all.has(note)).length;
  if (absent) book.notProven.push(['unproven-cited', absent]);
  return brackets;
}

function checkSeen(index, { seen, leaf }, heads, book) {
  if (!seen) return;
  const cited = heads.all.get(seen.note);
  if (seen.origin !== heads.head.checkpoint.origin) {
    book.remark('TIME-SEEN', ['seen-other-log', index, seen.origin], leaf);
  } else if (BigInt(seen.size) > index) {
    book.remark('TIME-SEEN', ['seen-later', index, seen.size], leaf);
  } else if (cited && cited.checkpoint.size !== BigInt(seen.size)) {
    book.remark('TIME-SEEN', ['seen-size', index, seen.size, cited.checkpoint.size], leaf);
  }
}

function checkClaims({ index, notBefore: low, notAfter: high, on, signedAt }, { leaf }, book) {
  if (high !== null && on > high + DRIFT) {
    book.remark('TIME-FUTURE', ['time-future', index, wire(on), wire(high)], leaf);
  } else if (low !== null && on < low) {
    book.remark('TIME-LATE', ['time-late', index, wire(on), wire(low)], leaf);
  }
  if ((low !== null && signedAt < low - DRIFT) || (high !== null && signedAt > high + DRIFT)) {
    book.remark('TIME-CLAIM', ['time-claim', index, wire(signedAt)], leaf);
  }
}
