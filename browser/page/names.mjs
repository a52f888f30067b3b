/** Names instead of ids: of offices and Parties, from the register of the bundle, and of the order. */
import { Offices } from '../check/reading/entries_that_count.mjs';
import { caseEntries } from '../check/reading/case_entry.mjs';
import { foreign } from './dom.mjs';
import { languageOf, say } from './texts.mjs';

/** The names in a report of `verify`; without a register, each name is the id. */
export class Names {
  constructor({ known, manifest }) {
    const registry = known?.registry ?? [];
    this.offices = new Offices(caseEntries({ own: registry, acts: [], proves: new Map() }));
    const issued = known?.own.find(({ kind, order }) => kind === 'order-issued' && order === manifest.order);
    const stated = (name) => issued?.public.get(name) ?? issued?.values.get(name) ?? null;
    [this.reference, this.caseNumber] = ['reference', 'case_ref'].map(stated);
    this.places = new Map((known?.all ?? []).map((entry) => [entry.leaf, entry]));
    this.order = manifest?.order;
    this.registry = registry[0]?.order;
  }

  office(actor) {
    return foreign(this.offices.name(actor, languageOf()));
  }

  party(code) {
    return foreign(this.offices.party(code, languageOf()));
  }

  /** Return [name, id, name of the Party] of each office of the register. */
  all() {
    return [...this.offices.states].map(([actor, states]) => [this.office(actor), actor, this.party(states.at(-1).party)]);
  }

  /** Return where an entry is: its number in its order, as on papers, and its place in the log. */
  place({ leaf, seq, index }) {
    const order = this.places.get(leaf)?.order ?? this.order;
    if (order === this.registry) return say(['place-registry', seq, index]);
    return say(order === this.order ? ['place-order', seq, index] : ['place-other', seq, index]);
  }
}

/** Return a moment of the wire in the words of the language, in UTC. */
export function dated(text) {
  const form = new Intl.DateTimeFormat(languageOf(), { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return `${form.format(new Date(text))} UTC`;
}
