/** Names instead of ids: of offices and Parties, from the register of the bundle, and of the order; and sentences. */
import { Offices } from '../check/reading/entries_that_count.mjs';
import { CaseEntry, caseEntries, membersOf } from '../check/reading/case_entry.mjs';
import { kindOf, knownKind } from '../check/verify/field_forms.mjs';
import { foreign, make } from './dom.mjs';
import { Language } from './sentences/language.mjs';
import { RegisterNames } from './sentences/register_names.mjs';
import { sentence } from './sentences/sentence.mjs';
import { languageOf, say } from './texts.mjs';

/** The names in a report of `verify`; without a register, each name is the id. */
export class Names {
  constructor({ known, manifest }) {
    const registry = known?.registry ?? [];
    const entries = caseEntries({ own: registry, acts: [], proves: new Map() });
    this.language = new Language(languageOf());
    this.register = new RegisterNames(entries, known ? caseEntries(known) : [], manifest?.order);
    this.offices = new Offices(entries);
    const issued = known?.own.find(({ kind, order }) => kind === 'order-issued' && order === manifest.order);
    const stated = (name) => issued?.public.get(name) ?? issued?.values.get(name) ?? null;
    [this.reference, this.caseNumber] = ['reference', 'case_ref'].map(stated);
    this.places = new Map((known?.all ?? []).map((entry) => [entry.leaf, entry]));
    this.order = manifest?.order;
    this.registry = registry[0]?.order;
  }

  office(actor) {
    return foreign(this.register.office(actor, this.language));
  }

  party(code) {
    return foreign(this.register.party(code, this.language));
  }

  /** Return [name, id, name of the Party] of each office of the register. */
  all() {
    return [...this.offices.states].map(([actor, states]) => [this.office(actor), actor, this.party(states.at(-1).party)]);
  }

  /** Return what an entry of the report says, in the language of the page. */
  sentence(entry) {
    const later = kindOf(entry.kind) && !knownKind(entry);
    const shownAs = later ? `${entry.kind}/${entry.schema}` : entry.kind;
    return sentence(new CaseEntry(membersOf({ ...entry, shownAs })), this.register, this.language);
  }

  /** Create a link to an entry of the bundle by its leaf hash; null for one that is not here. */
  link(leaf) {
    const entry = this.places.get(leaf);
    return entry ? make('a', { href: `#entry-${entry.index}` }, this.place(entry)) : null;
  }

  /** Return where an entry is: its number in its order, as on papers, and its place in the log. */
  place({ leaf, seq, index }) {
    const order = this.places.get(leaf)?.order ?? this.order;
    if (order === this.registry) return say(['place-registry', seq, index]);
    return say(order === this.order ? ['place-order', seq, index] : ['place-other', seq, index]);
  }
}
