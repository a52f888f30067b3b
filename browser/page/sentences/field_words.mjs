/** Fields in words, for a line of a table: projections/sentences/field_words.py. */
import { vocabulary } from '../../vocabulary.mjs';
import { inWords } from './values.mjs';

const FREE = ['str', 'text']; // stated in words already
const DATA_PROTECTION = 'dp_regime';

/** Return the name of a field, or of a member of a value. */
export const fieldLabel = (name, language) => language.word('fields', name) ?? name.replaceAll('_', ' ');

/** Return a text of a field (the number of its form), no day or moment, in words; a citation behind its words. Stated words are as they are. */
export function fieldWords(name, value, number, language, names) {
  if (name === DATA_PROTECTION && language.word('regimes', value)) return `${language.word('regimes', value)} (${value})`;
  if (name === 'languages' && /^[a-z]{2}$/.test(value)) return new Intl.DisplayNames(language.code, { type: 'language' }).of(value);
  const { type, known } = vocabulary.forms[number];
  const found = FREE.includes(type) ? null : inWords(value, number, language, names, null);
  if (type === 'party' && found === value && language.word('states', value)) return `${language.word('states', value)} (${value})`;
  return found && known && value.includes(':') ? `${found} (${value})` : (found ?? value);
}
