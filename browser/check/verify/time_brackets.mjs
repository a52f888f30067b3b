/**
 * Step 12: bracket when each entry was signed, and compare the claimed times (ledger/verify/time_brackets.py).
 *
 * The signer of an entry that cites a cosigned note signed after the witnesses. A head that contains an entry and was
 * cosigned, or stamped by an authority, shows that the entry existed by then. If f witnesses may lie, the (f+1)-th time
 * from the suspicious end is honest.
 */
import { bySize } from '../formats/bytes.mjs';
import { DRIFT } from './heads.mjs';
import { secondsOf, wire } from '../shape.mjs';

const END_OF_TIME = 253_402_300_799; // the last second of year 9999

/**
 * Independent times for positions of the log, in seconds since 1970: those of witnesses, unless the policy gives no
 * bracket, and `stamped`, the times of time-stamp authorities by digest of the note.
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

  /** Return the times that voters give to a head, sorted; none if there are too few. */
  of(head) {
    const times = head.cosignatures.filter(([key]) => this.voters.has(key)).map(([, time]) => time);
    return this.faults === null || times.length <= this.faults ? [] : times.sort(bySize);
  }

  /** Return the earliest proven moment at which entry `index` existed; null for none. */
  notAfter(index) {
    return this.byThen.findLast(({ size }) => size > index)?.time ?? null;
  }

  /** Return the latest proven moment before which the entry cannot have been signed; null for none. */
  notBefore(entry) {
    return entry.seen ? this.seenAt(entry.seen.note) : null;
  }

  /** Return the latest proven moment before which a note cannot have existed with its cosignatures; null for none. */
  seenAt(digest) {
    const head = this.heads.all.get(digest);
    const times = head ? this.of(head) : [];
    return times.length ? Math.min(times.at(-1 - this.faults), END_OF_TIME) : null;
  }

  /** Return when the witnesses last saw the head; without witnesses, the moment by which it existed by time stamps. */
  headSeen() {
    return this.seenAt(this.heads.headDigest) ?? this.stamped.get(this.heads.headDigest) ?? null;
  }

  /** Return true if entry `index` is proven to have existed before an instant. */
  before(index, moment) {
    const end = this.notAfter(index);
    return end !== null && end < secondsOf(moment);
  }
}

/**
 * Return {index, notBefore, notAfter, on, signedAt} for every entry; report contradictions: TIME-SEEN, TIME-FUTURE,
 * TIME-LATE, TIME-CLAIM.
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
