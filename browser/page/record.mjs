/** Show the entries of a bundle: who states what, when, and which fields are open, withheld, erased. */
import { kindOf, knownKind } from '../check/verify/field_forms.mjs';
import { wire } from '../check/shape.mjs';
import { vocabulary } from '../vocabulary.mjs';
import { bullets, foreign, make } from './dom.mjs';
import { say } from './texts.mjs';

/** Return the orders of a bundle: its own order first, then linked ones, then the registry. */
export function recordOf({ manifest, known, brackets }, names) {
  const shownElsewhere = new Set([...known.own, ...known.registry]);
  const linked = known.all.filter((entry) => !shownElsewhere.has(entry));
  const leaves = new Map(known.all.map((entry) => [entry.leaf, entry.index]));
  const gone = replacedIn(known.all, manifest.made_at);
  const timeOf = new Map(brackets.map((bracket) => [bracket.index, bracket]));
  const entries = (some) =>
    make(
      'ol',
      { class: 'record' },
      some.map((entry) => one(entry, timeOf.get(entry.index), leaves, gone, names)),
    );
  return [
    make('h3', {}, names.reference ? [say(['record-order-named']), foreign(names.reference)] : say(['record-order', manifest.order])),
    entries(known.own),
    known.arrived?.length ? arrivedFrom(known.arrived, leaves, names) : null,
    linked.length ? [make('h3', {}, say(['record-linked'])), entries(linked)] : null,
    make('details', {}, make('summary', {}, say(['record-registry', known.registry.length])), entries(known.registry)),
  ];
}

/** Show the wrapped entries of other records, each under the name of its log. */
function arrivedFrom(entries, leaves, names) {
  const unknown = { notBefore: null, notAfter: null };
  const items = entries.map((entry, n) =>
    one({ ...entry, index: entry.place }, unknown, leaves, new Map(), names, `arrived-${n}`, [
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

function one(entry, bracket, leaves, gone, names, id = `entry-${entry.index}`, title = ['entry-title', entry.index, entry.seq]) {
  const kind = knownKind(entry);
  const by = gone.get(entry.leaf);
  const title_ = [say(title), foreign(entry.kind)];
  const { actor, party, role } = entry.signer;
  const facts = [
    [say(['signed-by']), [names.office(actor), say(['of-party']), names.party(party), roleName(role)]],
    [say(['happened']), say(['claimed-at', entry.on, [`source-${entry.on_source}`]])],
    [say(['signed-at']), say(['claimed', entry.signed_at])],
    [say(['proven-when']), proven(bracket)],
    entry.speaks === 'act' ? null : [say(['speaks']), say([`speaks-${entry.speaks}`])],
    entry.whose ? [say(['whose']), names.office(entry.whose)] : null,
    entry.replaces ? [say(['replaces']), shown(entry.replaces, leaves)] : null,
    by
      ? [say(['replaced']), [shown(by.leaf, leaves), ', ', say(['claimed', by.signed_at]), ', ', names.office(by.signer.actor)]]
      : null,
    by ? [say(['replaced-why']), reason(by)] : null,
    entry.unless ? [say(['condition']), say(['condition-says', entry.unless.kinds.join(', '), entry.unless.orders.join(', '), entry.unless.after])] : null,
    entry.refs.length ? [say(['refs']), entry.refs.join(', ')] : null,
  ].filter((fact) => fact);
  return make(
    'li',
    by ? { id, class: 'replaced' } : { id },
    make('h4', {}, by ? [make('s', {}, title_), ' ', make('strong', {}, say(['replaced-mark']))] : title_),
    meaning(entry, kind),
    'proven' in entry ? make('p', {}, say([entry.proven ? 'arrived-proven' : 'arrived-not-proven'])) : null,
    entry.held === false ? make('p', { class: 'problem' }, say(['entry-not-held'])) : null,
    make(
      'dl',
      {},
      facts.map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]),
    ),
    fields(entry, kind, leaves, names),
  );
}

/** Return what an entry of this kind states, in the words of the program. */
const meaning = (entry, kind) =>
  kind
    ? make('p', { class: 'says', lang: 'en' }, kind.says)
    : make('p', { class: 'says' }, say([kindOf(entry.kind) ? 'later-schema' : 'unknown-kind']));

const roleName = (role) => say(['as-role', vocabulary.roles[role] ?? role]);

function proven({ notBefore, notAfter }) {
  if (notBefore === null && notAfter === null) return say(['proven-nothing']);
  if (notBefore === null) return say(['proven-by', wire(notAfter)]);
  return notAfter === null
    ? say(['proven-after', wire(notBefore)])
    : say(['proven-between', wire(notBefore), wire(notAfter)]);
}

function fields(entry, kind, leaves, names) {
  const open = [...entry.public].filter(([name]) => name !== '_sd').map(([name, value]) => [name, value, 'public']);
  const sealed = entry.sealed.map((name) => [name, entry.values.get(name), stateOf(entry, name)]);
  const documents = entry.documents.length
    ? [['documents', entry.documents.map((d) => new Map(Object.entries(d))), 'public']]
    : [];
  const rows = [...open, ...sealed, ...documents].map(([name, value, state]) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row', ...about(kind?.fields[name]) }, name.replaceAll('_', ' ')),
      make('td', {}, ['public', 'opened'].includes(state) ? valueOf(value, kind?.fields[name]?.names, leaves, names) : ''),
      make('td', { class: state }, say([`field-${state}`])),
    ),
  );
  if (!rows.length) return null;
  const headings = ['field', 'value', 'state'].map((name) => make('th', { scope: 'col' }, say([`field-${name}`])));
  return make(
    'table',
    { class: 'fields', 'aria-label': say(['fields-of', entry.index]) },
    make('thead', {}, make('tr', {}, headings)),
    make('tbody', {}, rows),
  );
}

/** Format a value; an id of an office or a Party becomes its name. */
function valueOf(value, named, leaves, names) {
  if (!named || value === null) return shown(value, leaves);
  const name = (id) => (typeof id === 'string' ? names[named](id) : shown(id, leaves));
  if (!Array.isArray(value)) return name(value);
  return value.length > 1 ? bullets(value.map(name)) : value.map(name);
}

const about = (field) => (field ? { title: field.says } : {});

function stateOf(entry, name) {
  if (entry.values.has(name)) return 'opened';
  return entry.erased.has(name) ? 'erased' : 'withheld';
}

/** Format a value; the leaf hash of an entry in this bundle becomes a link to it. */
function shown(value, leaves) {
  if (value === null) return say(['not-stated']);
  if (leaves.has(value))
    return make('a', { href: `#entry-${leaves.get(value)}` }, say(['entry-link', leaves.get(value)]));
  if (typeof value === 'string') return foreign(value);
  if (Array.isArray(value))
    return value.length > 1
      ? bullets(value.map((item) => shown(item, leaves)))
      : value.map((item) => shown(item, leaves));
  if (value instanceof Map) {
    const members = [...value].map(([name, inner]) => [foreign(name), ': ', shown(inner, leaves)]);
    return members.length > 1 ? bullets(members) : members;
  }
  return String(value);
}
