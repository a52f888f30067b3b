/** Values of entries in words, as in projections/sentences/values.py: only the type of a value decides how it is written. */
import { vocabulary } from '../../vocabulary.mjs';

const FILES = 2; // files of a list that a sentence names
const DIGESTS = { sha256: 'SHA-256', sha512: 'SHA-512' };

/**
 * Return a stated value in words; null where it has none for a sentence.
 *
 * `number` is that of its form in the vocabulary, `how` the name of a way to write it: bytes, digest, period.
 */
export function inWords(value, number, language, names, times, how = '') {
  const form = vocabulary.forms[number];
  if (form.shape === 'word' && typeof value === 'string') return textOf(value, form, number, language, names, times, how);
  if (form.shape === 'whole' && typeof value === 'number') return how === 'bytes' ? language.size(value) : String(value);
  if (form.shape === 'many' && Array.isArray(value) && value.length) {
    const found = [...new Set(value.map((each) => inWords(each, form.item, language, names, times, how)))];
    const some = found.filter((each) => each);
    return some.length && !found.includes(null) ? language.listed(some) : null;
  }
  if (form.type === 'manifest' && value instanceof Map) return files(value.get('files') ?? [], language);
  if (form.shape === 'glossary' && value instanceof Map && value.size) {
    return language.named(value.get(language.code) || value.get('en') || value.values().next().value);
  }
  return null;
}

/** Return a role in few words. */
export const roleWords = (role, language) => language.word('roles', role) ?? role;

function textOf(value, form, number, language, names, times, how) {
  if (form.known && form.type === 'code') return language.coded(number, value) ?? value;
  if (how === 'digest') return short(value);
  if (how === 'period' && language.word('periods', value)) return language.put('period', language.word('periods', value), value);
  const write = Object.hasOwn(BY_TYPE, form.type) ? BY_TYPE[form.type] : language.quoted.bind(language);
  return write(value, language, names, times, number);
}

const BY_TYPE = {
  actor: (value, language, names) => language.named(names.office(value, language)),
  party: (value, language, names) => language.named(names.party(value, language)),
  role: (value, language) => roleWords(value, language),
  instrument: (value, language) => language.word('instruments', value) ?? value,
  element: (value, language, _names, _times, number) => element(value, language, number),
  date: (value, language) => language.date(value),
  instant: (value, language, _names, times) => language.moment(value, times),
  duration: (value, language) => language.period(value),
  event: (value, language, names) => entryOf(names.entry(value), language),
  order: () => null,
  text: () => null,
};

const entryOf = (number, language) => (number === null ? null : language.put('entry', number));

function element(code, language, form) {
  const [name, ...label] = code.split('#');
  const found = language.coded(form, name) ?? name;
  return label.length && label.join('#') ? `${found} ${language.inQuotes(label.join('#'))}` : found;
}

const short = (digest) => (digest.length > 12 ? `${digest.slice(0, 8)}...` : digest);

function files(listed, language) {
  const found = [];
  for (const file of listed) {
    const name = language.quoted(String(file.get('name') ?? ''));
    if (name === null) return null;
    const digest = Object.keys(DIGESTS).find((each) => file.get(each));
    const facts = [language.size(file.get('size') ?? 0), ...(digest ? [`${DIGESTS[digest]} ${short(file.get(digest))}`] : [])];
    found.push(`${name} (${facts.join(', ')})`);
  }
  return found.length ? language.listed(found, FILES) : null;
}
