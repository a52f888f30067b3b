/**
 * The texts of the page by key, with values filled in.
 *
 * A text is an array of its key and its values: `{0}` is replaced by the first value, `{0:file}` by a number of files,
 * `{0:moment}` by a moment or a day of the wire. A value may be a text itself. Each file in texts/ is a language.
 */
import { visible } from '../check/formats/characters.mjs';
import { languages } from '../languages.mjs';

let table = languages.en;
let moment = (text) => text;

/** Write moments and days with `how`, which gets one of the wire and the language; without it they stay as on the wire. */
export function writeMoments(how) {
  moment = how;
}

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
    if (noun === 'moment') return moment(String(value), table.language);
    return noun ? counted(value, noun) : Array.isArray(value) ? say(value) : visible(String(value));
  });
}

/** Return the sentence of a text with a capital, without the code before it, and this code; '' for none. */
export function coded(text) {
  const [, code, sentence] = say(text).match(codedAt(text) ? /^([A-Z-]+): (.*)$/s : /^()(.*)$/s);
  return [sentence[0].toUpperCase() + sentence.slice(1), code];
}

/** Return true if the words of a text begin with a code. */
const codedAt = ([key]) => /^[A-Z-]+: /.test(table.checks[key] ?? table.page[key]);

/** Return a counted noun: `1 entry`, `2 entries`. */
function counted(number, noun) {
  const forms = table.nouns[noun];
  const form = new Intl.PluralRules(table.language).select(Number(number));
  return (forms[form] ?? forms.other).replace('#', number);
}

/** Return the name of one of the 17 steps. */
export const stepName = (number) => table.steps[number];
