/**
 * Check that the fields of an entry have the form that its kind requires, as in ledger/verify/field_forms.py.
 *
 * The vocabulary is data that the build writes into this page. An unknown kind or schema is not checked.
 */
import { codeOf, isNfc, unassigned, unseen } from '../formats/characters.mjs';
import { Refused } from '../errors.mjs';
import { secondsOf } from '../shape.mjs';
import { vocabulary } from '../../vocabulary.mjs';

// any text without control characters except line feed, and without characters that change the direction of writing
const LINES = /^[^\0-\t\v-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$/u;
const LARGEST = 2 ** 53 - 1;

/** Return the kind of this name; undefined for a kind that this page does not know. */
export const kindOf = (name) => (Object.hasOwn(vocabulary.kinds, name) ? vocabulary.kinds[name] : undefined);

/** Return the kind of an entry, if this page knows it in the schema of the entry. */
export function knownKind({ kind, schema }) {
  const found = kindOf(kind);
  return found?.schema === schema ? found : undefined;
}

/** FACT unless every required field is there, public or sealed as required, and every public value has its form. */
export function checkPublic(payload) {
  const sealed = new Set(payload.sealed);
  for (const [name, field] of Object.entries(knownKind(payload)?.fields ?? {})) {
    const [there, beside] = field.sealed ? [sealed, payload.public] : [payload.public, sealed];
    if (beside.has(name)) throw new Refused('FACT', [field.sealed ? 'fact-sealed' : 'fact-public', name]);
    if (!there.has(name) && (field.required || field.always)) throw new Refused('FACT', ['fact-missing', name]);
    if (payload.public.has(name)) checkField(field, name, payload.public.get(name));
  }
}

/** FACT unless every opened value {name, value} has the form that its kind requires. */
export function checkSealed(payload, opened) {
  const fields = knownKind(payload)?.fields ?? {};
  for (const { name, value } of opened) if (Object.hasOwn(fields, name)) checkField(fields[name], name, value);
}

function checkField(field, name, value) {
  if (value === null && field.always) return;
  const unfit = unfitting(vocabulary.forms[field.form], value);
  if (unfit) throw new Refused('FACT', ['fact-form', name, unfit]);
}

/** Return what was expected if a value does not have a form; undefined if it has. */
function unfitting(form, value) {
  const wrong = form.expected;
  switch (form.shape) {
    case 'word':
      return isWord(form, value) ? undefined : wrong;
    case 'whole':
      return typeof value === 'number' && value >= form.least && value <= LARGEST ? undefined : wrong;
    case 'truth':
      return typeof value === 'boolean' ? undefined : wrong;
    case 'many':
      return Array.isArray(value) ? first(value, (item) => unfitting(vocabulary.forms[form.item], item)) : wrong;
    case 'record':
      return value instanceof Map ? unfittingRecord(form, value) : wrong;
    case 'glossary':
      if (!(value instanceof Map) || !value.size) return wrong;
      return first(value, ([key, item]) => unfitting(form.key, key) ?? unfitting(form.value, item));
  }
  throw new TypeError(form.shape);
}

function unfittingRecord(form, value) {
  for (const name of value.keys()) if (!Object.hasOwn(form.members, name)) return form.expected;
  for (const [name, member] of Object.entries(form.members)) {
    const inner = vocabulary.forms[member];
    if (!value.has(name) && form.required.includes(name)) return inner.expected;
    const unfit = value.has(name) ? unfitting(inner, value.get(name)) : undefined;
    if (unfit) return unfit;
  }
  return form.either.length && !form.either.some((name) => value.has(name)) ? form.either.join(' or ') : undefined;
}

function first(items, look) {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

const REAL = {
  instant: (text) => secondsOf(text) !== null,
  date: (text) => secondsOf(`${text}T00:00:00Z`) !== null,
};

function isWord(form, value) {
  if (typeof value !== 'string' || !LINES.test(value) || !isNfc(value)) return false;
  if (form.known ? !form.known.includes(value) : !patternOf(form.pattern).test(value)) return false;
  return !form.real || REAL[form.real](value);
}

const patterns = new Map();

/** Return the pattern of a form, for a whole text. */
function patternOf(source) {
  if (!patterns.has(source)) patterns.set(source, new RegExp(`^(?:${source})$`, 'su'));
  return patterns.get(source);
}

// -- characters, as in ledger/entries/text_form.py --------------------------------------------------------------------

/** Report unassigned and invisible characters in the public texts of an entry: TEXT-UNASSIGNED, TEXT-UNSEEN. */
export function noteTexts(entry, book) {
  for (const [where, text] of membersOf(entry)) noteText(where, text, 'none', entry, book);
  noteValues(entry, [...entry.public].filter(([name]) => name !== '_sd'), book);
}

/** Report the same for fields [name, value] of an entry, public or opened; their form was checked before. */
export function noteValues(entry, values, book) {
  const fields = knownKind(entry)?.fields ?? {};
  for (const [name, value] of values) {
    if (!Object.hasOwn(fields, name)) {
      for (const [where, text] of anywhere(value, name)) noteText(where, text, 'shown', entry, book);
    } else if (value !== null) {
      const form = vocabulary.forms[fields[name].form];
      for (const [where, text, word] of textsIn(form, value, name)) noteText(where, text, word.unseen, entry, book);
    }
  }
}

function noteText(where, text, allowed, { leaf }, book) {
  const open = unassigned(text);
  const hidden = unseen(text, allowed);
  if (open !== undefined) book.remark('TEXT-UNASSIGNED', ['text-unassigned', where, codeOf(open)], leaf);
  else if (hidden !== undefined) book.remark('TEXT-UNSEEN', ['text-unseen', where, codeOf(hidden)], leaf);
}

function* membersOf(entry) {
  const { signer, refs, sealed, documents, audience, seen, other } = entry;
  for (const name of ['actor', 'role', 'party']) yield [`signer.${name}`, signer[name]];
  for (const [n, ref] of refs.entries()) yield [`refs[${n}]`, ref];
  for (const name of ['log', 'instrument', 'whose']) if (entry[name]) yield [name, entry[name]];
  for (const [n, name] of sealed.entries()) yield [`sealed[${n}]`, name];
  for (const [n, { code, media }] of documents.entries()) {
    yield [`documents[${n}].code`, code];
    yield [`documents[${n}].media`, media];
  }
  for (const [field, roles] of audience ?? []) for (const role of roles) yield [`audience.${field}`, role];
  if (seen) yield ['seen.origin', seen.origin];
  if (other) yield ['other.origin', other.origin];
}

/** Yield every string of words in a value that has the form: its path, the string, its form. */
function* textsIn(form, value, path) {
  const inner = (number) => vocabulary.forms[number];
  if (form.shape === 'word' && !form.known) yield [path, value, form];
  if (form.shape === 'many') for (const [n, item] of value.entries()) yield* textsIn(inner(form.item), item, `${path}[${n}]`);
  if (form.shape === 'record') {
    for (const [name, member] of Object.entries(form.members)) {
      if (value.has(name)) yield* textsIn(inner(member), value.get(name), `${path}.${name}`);
    }
  }
  if (form.shape === 'glossary') for (const [key, item] of value) yield* textsIn(form.value, item, `${path}.${key}`);
}

function* anywhere(value, path) {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) for (const [n, item] of value.entries()) yield* anywhere(item, `${path}[${n}]`);
  else if (value instanceof Map) for (const [name, item] of value) yield* anywhere(item, `${path}.${name}`);
}
