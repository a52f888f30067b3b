/** The names that sentences use, from the register, and the numbers of entries, as in projections/sentences/names.py. */
import { LocalTimes } from './local_time.mjs';

const OFFICES = ['authority-registered', 'authority-changed'];

export class RegisterNames {
  /** `registry` and `entries` are lists of `CaseEntry`; `order` is the id of the order whose numbers have no prefix. */
  constructor(registry, entries, order) {
    [this.offices, this.parties, this.partyOf, this.zones] = [new Map(), new Map(), new Map(), new Map()];
    for (const { kind, public: open } of registry) {
      if (OFFICES.includes(kind)) {
        if (open.has('party')) this.partyOf.set(open.get('actor'), open.get('party'));
        if (open.get('names')?.size) this.offices.set(open.get('actor'), open.get('names'));
      } else if (kind === 'party-registered') {
        if (open.get('names')?.size) this.parties.set(open.get('party'), open.get('names'));
        this.zones.set(open.get('party'), open.get('zone') ?? '');
      }
    }
    this.numbers = numbersOf(entries, order);
    this.timesOf = new Map(); // time zone -> LocalTimes
  }

  /** Return the newest name of an office in a language if it has one, else in English; its id without a name. */
  office(actor, language) {
    return language.setApart(inLanguage(this.offices.get(actor), language.code) || actor);
  }

  /** Return the name of a Party: as registered, else of the CLDR, else in English; its code where it is not registered. */
  party(code, language) {
    const names = this.parties.get(code);
    const name = names && (names.get(language.code) || language.word('states', code) || inLanguage(names, language.code));
    return language.setApart(name || code);
  }

  /** Return the number of an entry of the order by its leaf hash; null for an entry that is not here. */
  entry(leaf) {
    return this.numbers.get(leaf) ?? null;
  }

  /** Return the local time of an office: that of its Party; UTC alone for an office that is not registered. */
  times(actor) {
    const zone = this.zones.get(this.partyOf.get(actor)) ?? '';
    if (!this.timesOf.has(zone)) this.timesOf.set(zone, new LocalTimes(zone));
    return this.timesOf.get(zone);
  }
}

function numbersOf(entries, order) {
  const numbers = new Map();
  for (const entry of entries) {
    const number = entry.order === order ? String(entry.seq) : `C${entry.seq}`;
    numbers.set(entry.leaf, number);
    if (entry.proves && !numbers.has(entry.proves)) numbers.set(entry.proves, number);
  }
  return numbers;
}

const inLanguage = (names, code) => names && (names.get(code) || names.get('en') || names.values().next().value);
