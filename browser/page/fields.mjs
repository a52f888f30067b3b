/** Show the fields of an entry as a table: which are open, withheld, erased, and the values in words. */
import { vocabulary } from '../vocabulary.mjs';
import { bullets, foreign, make } from './dom.mjs';
import { written } from './moments.mjs';
import { fieldLabel, fieldWords } from './sentences/field_words.mjs';
import { languageOf, say } from './texts.mjs';

const OURS = { why: 'replaced-why', documents: 'field-documents' }; // every kind has them

/** Return whether a field is opened, erased or withheld. */
export function stateOf(entry, name) {
  if (entry.values.has(name)) return 'opened';
  return entry.erased.has(name) ? 'erased' : 'withheld';
}

/** Return the label of a field. */
export const labelOf = (name, names) => (Object.hasOwn(OURS, name) ? say([OURS[name]]) : fieldLabel(name, names.language));

/** Create the table of the fields of an entry; null for one without fields. `kind` is undefined for an unknown kind. */
export function fields(entry, kind, names) {
  const open = [...entry.public].filter(([name]) => name !== '_sd').map(([name, value]) => [name, value, 'public']);
  const sealed = entry.sealed.map((name) => [name, entry.values.get(name), stateOf(entry, name)]);
  const documents = entry.documents.length
    ? [['documents', entry.documents.map((d) => new Map(Object.entries(d))), 'public']]
    : [];
  const form = (name) => (kind && Object.hasOwn(kind.fields, name) ? kind.fields[name].form : undefined);
  const rows = [...open, ...sealed, ...documents].map(([name, value, state]) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, labelOf(name, names)),
      make('td', {}, ['public', 'opened'].includes(state) ? valueOf(value, form(name), { name, names }) : ''),
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

/** Show a value by its form (a number, undefined for an unknown field); the leaf hash of an entry here becomes a link. */
export function valueOf(value, number, about) {
  if (value === null) return say(['not-stated']);
  if (typeof value === 'boolean') return about.names.language.put(value ? 'yes' : 'no');
  const form = number === undefined ? {} : vocabulary.forms[number];
  if (typeof value === 'string') return text(value, number, form, about);
  if (Array.isArray(value)) {
    const shown = value.map((each) => valueOf(each, form.item, about));
    return shown.length > 1 ? bullets(shown) : shown;
  }
  if (!(value instanceof Map)) return String(value);
  const label = (name) => (form.members ? fieldLabel(name, about.names.language) : foreign(name));
  const members = [...value].map(([name, inner]) => [label(name), say(['colon']), valueOf(inner, form.members?.[name], about)]);
  return members.length > 1 ? bullets(members) : members;
}

function text(value, number, form, { name, names }) {
  const link = names.link(value);
  if (link) return link;
  if (number === undefined) return foreign(value);
  if (form.real) return foreign(written(value, languageOf()));
  return form.type === 'actor' ? names.office(value) : foreign(fieldWords(name, value, number, names.language, names.register));
}
