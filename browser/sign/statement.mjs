/** Show in words everything that an entry will say: each member of its payload, each field, and who may read it. */
import { kindOf } from '../check/verify/field_forms.mjs';
import { bullets, foreign, make } from '../page/dom.mjs';
import { languageOf, say } from '../page/texts.mjs';
import { vocabulary } from '../vocabulary.mjs';
import { words } from '../words.mjs';

const WHY = 'why';

/** Show one entry that waits for a signature: {draft, place, values}; `number` counts the entries of a request from 1. */
export function statement({ draft, place, values }, number) {
  const kind = kindOf(draft.kind);
  const facts = [
    ['order', orderOf(draft.order, place)],
    ['instrument', place.instrument === null ? null : coded(place.instrument, instruments)],
    ['signed-by', [foreign(draft.actor), ', ', foreign(draft.party), ', ', coded(draft.role, roles)]],
    ['happened', [inWords(draft.on), ' ', say([`source-${draft.on_source}`])]],
    ['speaks', draft.speaks === 'act' ? null : say([`speaks-${draft.speaks}`])],
    ['whose', draft.whose ? foreign(draft.whose) : null],
    ['replaces', draft.replaces ? foreign(draft.replaces) : null],
    ['condition', draft.unless ? condition(draft.unless) : null],
    ['refs', draft.refs?.length ? bullets(draft.refs.map(foreign)) : null],
    ['documents', draft.documents?.length ? bullets(draft.documents.map(document_)) : null],
    ['log', foreign(place.log)],
  ].filter(([, value]) => value !== null);
  return make(
    'article',
    { class: 'entry', 'aria-labelledby': `entry-${number}` },
    make('h3', { id: `entry-${number}` }, nameOf('kinds', draft.kind), ' ', code(draft.kind)),
    says(draft.kind),
    make(
      'dl',
      {},
      facts.map(([name, value]) => [make('dt', {}, say([name])), make('dd', {}, value)]),
    ),
    fields(draft, kind, values, number),
  );
}

/** Name an order by the entry that issued it, as the log has it: its id alone does not say which one it is. */
function orderOf(order, { access, begun, prev, register, seq }) {
  const place = [foreign(order), ' ', say([prev === null ? 'order-new' : 'order-place', seq])];
  if (register) return [say(['order-register']), ' ', ...place];
  if (access) return [say(['order-access']), ' ', ...place];
  if (prev === null) return place;
  if (!begun) return [...place, ' ', say(['order-unproven'])];
  const { kind, reference, actor, on } = begun;
  const named = reference === null ? nameOf('kinds', kind) : make('strong', {}, foreign(reference));
  return [named, ' ', say(['order-begun', actor, day(on)]), ' ', ...place];
}

/** Return what a kind says, in the language of the page, else in English. */
function says(kind) {
  const own = words[languageOf()].says[kind];
  return make('p', { class: 'says', lang: own ? languageOf() : 'en' }, own ?? words.en.says[kind]);
}

function fields(draft, kind, values, number) {
  const open = [...draft.fields].filter(([name]) => !values.has(name)).map(([name, value]) => [name, value, say(['read-all'])]);
  const sealed = [...values].map(([name, value]) => [name, value, readers(draft, kind, name)]);
  const rows = [...open, ...sealed].map(([name, value, who]) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, name === WHY ? say([WHY]) : nameOf('fields', name)),
      make('td', {}, valueOf(value, kind.fields[name]?.form)),
      make('td', {}, who),
    ),
  );
  if (!rows.length) return make('p', {}, say(['no-fields']));
  const headings = ['field', 'value', 'readers'].map((name) => make('th', { scope: 'col' }, say([`column-${name}`])));
  return make(
    'table',
    { class: 'fields', 'aria-labelledby': `entry-${number}` },
    make('thead', {}, make('tr', {}, headings)),
    make('tbody', {}, rows),
  );
}

/** Name the roles that may read a sealed value: those of the draft, else those of the vocabulary. */
function readers(draft, kind, name) {
  const roles = draft.audience?.get(name) ?? (name === WHY ? [] : kind.fields[name].audience);
  const named = roles.map((role) => `${(words[languageOf()].roles[role] ?? words.en.roles[role] ?? role).split(';')[0]} (${role})`);
  return roles.length ? say(['read-some', named.join(', ')]) : say(['read-signer']);
}

/** Show a value by its form (a number): codes with their words, moments in the time of the reader too. */
function valueOf(value, form) {
  if (value === null) return say(['not-stated']);
  const { shape, item, members, real } = form === undefined ? { shape: 'word' } : vocabulary.forms[form];
  switch (shape) {
    case 'many':
      return value.length ? bullets(value.map((each) => valueOf(each, item))) : say(['nothing-in-it']);
    case 'record':
      return bullets([...value].map(([name, each]) => [member(name), ': ', valueOf(each, members[name])]));
    case 'glossary':
      return bullets([...value].map(([name, each]) => [foreign(name), ': ', foreign(each)]));
    case 'truth':
      return say([value ? 'yes' : 'no']);
    case 'whole':
      return String(value);
  }
  if (real === 'instant') return inWords(value);
  if (real === 'date') return [day(value), ' ', code(value)];
  return coded(value, ({ codes }) => codes[form]);
}

/** Return the words of a code and the code behind them; `tableOf` finds the table in the words of a language. */
function coded(value, tableOf) {
  const name = value.split('#')[0]; // a data element may have a label
  const wordsIn = (table) => (table && Object.hasOwn(table, name) ? table[name] : undefined);
  const [own, english] = [words[languageOf()], words.en].map((each) => wordsIn(tableOf(each)));
  if (!own && !english) return foreign(value);
  return [make('span', own ? {} : { lang: 'en' }, own ?? english), ' ', code(value)];
}

const roles = ({ roles }) => roles;
const instruments = ({ instruments }) => instruments;

const nameOf = (table, name) => words[languageOf()][table][name] ?? words.en[table][name] ?? name;
const member = (name) => words[languageOf()].fields[name] ?? name.replaceAll('_', ' ');
const code = (text) => make('span', { class: 'code' }, '(', foreign(text), ')');

/** Show a moment in UTC, and in the time zone of the reader where that is another one. */
export function inWords(text) {
  const show = (timeZone) =>
    new Intl.DateTimeFormat(languageOf(), { dateStyle: 'long', timeStyle: 'medium', timeZone }).format(new Date(text));
  const [utc, local] = [show('UTC'), show()];
  return utc === local ? `${utc} UTC` : say(['moment', utc, local]);
}

const day = (text) => new Intl.DateTimeFormat(languageOf(), { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(text));

function condition({ after, orders, kinds }) {
  const named = kinds.map((kind) => make('li', {}, nameOf('kinds', kind), ' ', code(kind)));
  return [say(['condition-says', after]), make('ul', { class: 'plain' }, named, orders.map((order) => make('li', {}, foreign(order))))];
}

const document_ = ({ code: name, media, size, sha256 }) => say(['document', name, media, size, sha256]);
