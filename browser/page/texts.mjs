/**
 * What this page says to people: texts by key, values filled in.
 *
 * A text is an array, its key and then its values: `{0}` stands for the first value, `{0:file}` for so many files. A
 * value may be a text itself. Each file in texts/ is a language.
 */
import { visible } from '../check/characters.mjs';
import { languages } from '../languages.mjs';

let table = languages.en;

/** Changes the language to the first of `wanted` that there is a table for, by its code; gives that code. */
export function speak(...wanted) {
  const codes = wanted.flatMap((code) => [code, code.split('-')[0]]);
  const code = codes.find((each) => Object.hasOwn(languages, each)) ?? 'en';
  table = languages[code];
  return code;
}

/** The sentence of a text; '' for null. */
export function say(text) {
  if (text === null) return '';
  const [key, ...values] = text;
  const pattern = table.checks[key] ?? table.page[key];
  return pattern.replace(/\{(\d)(?::([a-z-]+))?\}/g, (_, n, noun) => {
    const value = values[n];
    return noun ? counted(value, noun) : Array.isArray(value) ? say(value) : visible(String(value));
  });
}

/** `1 entry`, `2 entries`. */
function counted(number, noun) {
  const forms = table.nouns[noun];
  const form = new Intl.PluralRules(table.language).select(Number(number));
  return (forms[form] ?? forms.other).replace('#', number);
}

/** The name of one of the 17 steps. */
export const stepName = (number) => table.steps[number];
