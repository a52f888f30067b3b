/**
 * The texts of the page by key, with values filled in.
 *
 * A text is an array of its key and its values: `{0}` is replaced by the first value, `{0:file}` by a number of files. A
 * value may be a text itself. Each file in texts/ is a language.
 */
import { visible } from '../check/formats/characters.mjs';
import { languages } from '../languages.mjs';

let table = languages.en;

/** Switch to the first language in `wanted` (codes) that has a table; return its code. */
export function speak(...wanted) {
  const codes = wanted.flatMap((code) => [code, code.split('-')[0]]);
  const code = codes.find((each) => Object.hasOwn(languages, each)) ?? 'en';
  table = languages[code];
  return code;
}

/** Return the code of the language in use. */
export const languageOf = () => table.language;

/** Return the sentence of a text; '' for null. */
export function say(text) {
  if (text === null) return '';
  const [key, ...values] = text;
  const pattern = table.checks[key] ?? table.page[key];
  return pattern.replace(/\{(\d)(?::([a-z-]+))?\}/g, (_, n, noun) => {
    const value = values[n];
    return noun ? counted(value, noun) : Array.isArray(value) ? say(value) : visible(String(value));
  });
}

/** Return a counted noun: `1 entry`, `2 entries`. */
function counted(number, noun) {
  const forms = table.nouns[noun];
  const form = new Intl.PluralRules(table.language).select(Number(number));
  return (forms[form] ?? forms.other).replace('#', number);
}

/** Return the name of one of the 17 steps. */
export const stepName = (number) => table.steps[number];
