/**
 * Which entries count, and whose act each is: ledger/law/reading/effective_entries.py, acting_offices.py, reliability.py
 * and ledger/law/parties/party_register.py, as far as the comparison of digests needs them. No rule of law is here.
 */
import { kindOf } from '../verify/field_forms.mjs';
import { inOrder, replacements } from './case_entry.mjs';

const ISSUING = ['ISS', 'VAL', 'CAR']; // roles that only offices of the issuing Party have in an order

/** The offices of a register: roles at a moment, the end, names by language. */
export class Offices {
  constructor(registry) {
    [this.states, this.ends, this.zones, this.partyNames] = [new Map(), new Map(), new Map(), new Map()];
    const gone = replacedIn(registry);
    for (const entry of registry) {
      if (gone.has(entry.leaf) || !kindOf(entry.kind)?.signers.includes(entry.role)) continue;
      if (entry.kind === 'party-registered') this.addParty(entry);
      if (['authority-registered', 'authority-changed'].includes(entry.kind)) this.addOffice(entry);
    }
  }

  addParty(entry) {
    this.zones.set(entry.get('party'), entry.get('zone'));
    this.partyNames.set(entry.get('party'), entry.get('names') ?? new Map());
  }

  addOffice(entry) {
    const actor = entry.get('actor');
    const states = this.states.get(actor) ?? [];
    const before = states.at(-1);
    states.push({
      party: entry.get('party') || before?.party || entry.party,
      roles: entry.get('roles') ?? before?.roles ?? [],
      names: entry.get('names') ?? before?.names ?? new Map(),
      from: entry.get('valid_from'),
    });
    this.states.set(actor, states);
    if (entry.get('valid_until')) this.ends.set(actor, entry.get('valid_until'));
  }

  /** Return the name of an office in this language, else in English, else in any, else its id. */
  name(actor, language) {
    return named(this.states.get(actor)?.at(-1)?.names, language) ?? actor;
  }

  /** Return the name of a Party; its code without one. */
  party(code, language) {
    return named(this.partyNames.get(code), language) ?? code;
  }

  roles(actor, moment) {
    const states = this.states.get(actor);
    if (!states || this.ended(actor, moment)) return [];
    if (states.length === 1) return states[0].roles;
    const today = this.day(states[0].party, moment);
    return (states.findLast(({ from }) => from <= today) ?? states[0]).roles;
  }

  ended(actor, moment) {
    const last = this.ends.get(actor);
    return last !== undefined && this.day(this.states.get(actor).at(-1).party, moment) > last;
  }

  /** Return the day of a moment at a Party: UTC for one that is not registered. */
  day(party, moment) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' };
    try {
      return new Intl.DateTimeFormat('en-CA', { ...parts, timeZone: this.zones.get(party) ?? 'UTC' }).format(new Date(moment));
    } catch {
      return moment.slice(0, 10);
    }
  }
}

/** Return the act that issued the order: of this record, else the one that arrived first; null without one. */
function foundingAct(entries) {
  const may = kindOf('order-issued').signers;
  const acts = entries.filter((e) => e.kind === 'order-issued' && e.speaks === 'act' && e.held && may.includes(e.role));
  return acts.sort((a, b) => a.isWrapped - b.isWrapped || a.index - b.index)[0] ?? null;
}

function named(names, language) {
  return names?.get(language) ?? names?.get('en') ?? names?.values().next().value;
}

function replacedIn(registry) {
  const [signers, gone] = [new Map(), new Set()];
  for (const { leaf, by, replaces } of registry) {
    if (replaces && signers.get(replaces) === by) gone.add(replaces);
    signers.set(leaf, by);
  }
  return gone;
}

/** The entries of an order at a moment: which count, which are replaced, what a reference names. */
export class EntriesThatCount {
  constructor(entries, offices, at) {
    this.offices = offices;
    this.byLeaf = new Map(entries.map((entry) => [entry.leaf, entry]));
    this.replacements = replacements(entries, at);
    this.current = entries.filter(({ leaf, on }) => !this.replacements.has(leaf) && on <= at).sort(inOrder);
    this.founding = foundingAct(entries);
    this.effective = this.current.filter((entry) => this.wouldCount(entry));
    this.backed = this.backedHere();
  }

  /** Return true for an entry in a role that may, unless an office of another Party speaks as the issuing one. */
  wouldCount(entry) {
    return this.isInRole(entry) && !this.isOfAnotherState(entry);
  }

  isOfAnotherState({ speaks, role, party }) {
    return speaks === 'act' && ISSUING.includes(role) && this.founding !== null && party !== this.founding.party;
  }

  /** Return true for an act in a role of its kind, by an office that has not ended, or the like of a reported act. */
  isInRole(entry) {
    const kind = kindOf(entry.kind);
    if (!kind || !entry.held) return false;
    if (entry.speaks === 'act') return kind.signers.includes(entry.role) && !this.offices.ended(entry.by, entry.on);
    return this.rolesHeld(entry).some((role) => kind.signers.includes(role));
  }

  rolesHeld(entry) {
    const roles = this.offices.roles(entry.actor, entry.on);
    return entry.whose === null && !this.offices.ended(entry.by, entry.on) ? [...roles, entry.role] : roles;
  }

  of(...kinds) {
    return this.effective.filter(({ kind }) => kinds.includes(kind));
  }

  /** Return the replacements of an entry, then their replacements, and so on. */
  successors(leaf) {
    const found = [...(this.replacements.get(leaf) ?? [])];
    for (let at = 0; at < found.length; at++) found.push(...(this.replacements.get(found[at].leaf) ?? []));
    return found;
  }

  /** Return the entry that a reference names; of a replaced entry its last replacement. */
  named(leaf) {
    let entry = this.byLeaf.get(leaf) ?? null;
    while (entry && this.replacements.has(entry.leaf)) entry = this.replacements.get(entry.leaf).at(-1);
    return entry;
  }

  /** Return true for an act, and for an entry that the acting side's own log proves. */
  firstHand(entry) {
    return entry.speaks === 'act' || this.backed.has(entry.leaf);
  }

  backedHere() {
    const withdrawn = new Set(
      this.current
        .filter(({ origin, replaces, held }) => origin && replaces && held)
        .map(({ origin, by, replaces }) => `${origin} ${by} ${replaces}`),
    );
    const proven = this.of('counterparty-record-received').filter((entry) => {
      const ours = this.byLeaf.get(entry.proves);
      return ours && !withdrawn.has(`${entry.get('origin')} ${ours.actor} ${entry.get('leaf')}`);
    });
    return new Set(proven.map(({ proves }) => proves));
  }
}
