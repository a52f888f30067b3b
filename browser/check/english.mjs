/** The English sentence of a text, as the program writes it into files. */
import { languages } from '../languages.mjs';

/** Return the sentence of a text without counted nouns: its key and its values, each of which may be a text. */
export function english([key, ...values]) {
  return languages.en.checks[key].replace(/\{(\d)(?::moment)?\}/g, (_, n) => (Array.isArray(values[n]) ? english(values[n]) : values[n]));
}

/** The finding on a file with other words than the program writes of what it proves. */
export const OTHER_WORDS = { code: 'CMP-SAYS', says: ['other-words'], entries: [] };
