/** Show the entries of a bundle: the sentence of each, who states it, when, and its fields. */
import { kindOf, knownKind } from '../check/verify/field_forms.mjs';
import { wire } from '../check/shape.mjs';
import { foreign, make } from './dom.mjs';
import { fields, stateOf } from './fields.mjs';
import { roleWords } from './sentences/values.mjs';
import { say } from './texts.mjs';

/** Return the orders of a bundle: its own order first, then linked ones, then the registry. */
export function recordOf({ manifest, known, brackets }, names) {
  const shownElsewhere = new Set([...known.own, ...known.registry]);
  const linked = known.all.filter((entry) => !shownElsewhere.has(entry));
  const gone = replacedIn(known.all, manifest.made_at);
  const timeOf = new Map(brackets.map((bracket) => [bracket.index, bracket]));
  const entries = (some) =>
    make(
      'ol',
      { class: 'record' },
      some.map((entry) => one(entry, timeOf.get(entry.index), gone, names)),
    );
  return [
    make('h3', {}, names.reference ? [say(['record-order-named']), foreign(names.reference)] : say(['record-order', manifest.order])),
    entries(known.own),
    known.arrived?.length ? arrivedFrom(known.arrived, names) : null,
    linked.length ? [make('h3', {}, say(['record-linked'])), entries(linked)] : null,
    make('details', {}, make('summary', {}, say(['record-registry', known.registry.length])), entries(known.registry)),
  ];
}

// What asks for data, and what answers; the other entries are in the record alone.
const ASKED = 'order-issued order-corrected order-withdrawn data-disclosed data-transmitted-by-state evidence-received no-data-held disclosure-declined'.split(' ');

/** Say what was asked and what came, in the sentences of the entries that were not replaced; null if there are none. */
export function askedAndCame({ known, manifest }, names) {
  if (!known) return null;
  const gone = replacedIn(known.all, manifest.made_at);
  const told = known.own.filter((entry) => ASKED.includes(entry.kind) && knownKind(entry) && !gone.has(entry.leaf));
  const items = told.map((entry) => make('li', {}, foreign(names.sentence(entry)), ' ', make('a', { href: `#entry-${entry.index}` }, names.place(entry))));
  return items.length ? [make('h3', {}, say(['asked-title'])), make('ul', { class: 'asked' }, items)] : null;
}

/** Show the wrapped entries of other records, each under the name of its log. */
function arrivedFrom(entries, names) {
  const unknown = { notBefore: null, notAfter: null };
  const items = entries.map((entry, n) =>
    one({ ...entry, index: entry.place }, unknown, new Map(), names, `arrived-${n}`, [
      'arrived-title',
      entry.place,
      entry.log,
    ]),
  );
  return [
    make('h3', {}, say(['record-arrived'])),
    make('p', {}, say(['record-arrived-lead'])),
    make('ol', { class: 'record' }, items),
  ];
}

/**
 * Return leaf of a replaced entry -> the entry that replaced it last: a later entry of the same signer in the same
 * order, in a role that its key held, and not dated after `made`, the moment the bundle was made.
 */
function replacedIn(entries, made) {
  const byLeaf = new Map(entries.map((entry) => [entry.leaf, entry]));
  const found = new Map();
  for (const entry of [...entries].sort((a, b) => (a.index < b.index ? -1 : 1))) {
    if (!entry.held || entry.on > made) continue;
    const old = byLeaf.get(entry.replaces);
    if (old && old.signer.actor === entry.signer.actor && old.order === entry.order && old.index < entry.index)
      found.set(old.leaf, entry);
  }
  return found;
}

/** Return the reason for a replacement, as far as this bundle opens it. */
function reason(entry) {
  if (!entry.sealed.includes('why')) return say(['no-reason']);
  return entry.values.has('why') ? foreign(String(entry.values.get('why'))) : say([`field-${stateOf(entry, 'why')}`]);
}

function one(entry, bracket, gone, names, id = `entry-${entry.index}`, title = ['entry-title', entry.index, entry.seq]) {
  const kind = knownKind(entry);
  const by = gone.get(entry.leaf);
  const sentence = foreign(names.sentence(entry));
  const { actor, party, role } = entry.signer;
  const facts = [
    [say(['signed-by']), [names.office(actor), say(['of-party']), names.party(party), say(['as-role', roleWords(role, names.language)])]],
    [say(['happened']), say(['claimed-at', entry.on, [`source-${entry.on_source}`]])],
    [say(['signed-at']), say(['claimed', entry.signed_at])],
    [say(['proven-when']), proven(bracket)],
    entry.speaks === 'act' ? null : [say(['speaks']), say([`speaks-${entry.speaks}`])],
    entry.whose ? [say(['whose']), names.office(entry.whose)] : null,
    entry.replaces ? [say(['replaces']), names.link(entry.replaces) ?? foreign(entry.replaces)] : null,
    by
      ? [say(['replaced']), [names.link(by.leaf), ', ', say(['claimed', by.signed_at]), ', ', names.office(by.signer.actor)]]
      : null,
    by ? [say(['replaced-why']), reason(by)] : null,
    entry.unless ? [say(['condition']), say(['condition-says', entry.unless.kinds.join(', '), entry.unless.orders.join(', '), entry.unless.after])] : null,
    entry.refs.length ? [say(['refs']), entry.refs.join(', ')] : null,
  ].filter((fact) => fact);
  return make(
    'li',
    by ? { id, class: 'replaced' } : { id },
    make('h4', {}, by ? [make('s', {}, sentence), ' ', make('strong', {}, say(['replaced-mark']))] : sentence),
    make('p', { class: 'says' }, say(title), make('code', {}, foreign(entry.kind))),
    kind ? null : make('p', {}, say([kindOf(entry.kind) ? 'later-schema' : 'unknown-kind'])),
    'proven' in entry ? make('p', {}, say([entry.proven ? 'arrived-proven' : 'arrived-not-proven'])) : null,
    entry.held === false ? make('p', { class: 'problem' }, say(['entry-not-held'])) : null,
    make(
      'dl',
      {},
      facts.map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]),
    ),
    fields(entry, kind, names),
  );
}

function proven({ notBefore, notAfter }) {
  if (notBefore === null && notAfter === null) return say(['proven-nothing']);
  if (notBefore === null) return say(['proven-by', wire(notAfter)]);
  return notAfter === null
    ? say(['proven-after', wire(notBefore)])
    : say(['proven-between', wire(notBefore), wire(notAfter)]);
}
