/** Say whether a name reads like words of this program, as in ledger/formats/misleading_names.py. */
import { reserved } from '../../reserved.mjs';

const letters = new Map(Object.entries(reserved.letters).flatMap(([made, those]) => [...those].map((c) => [c, made])));
const looks = new Map([...letters, ...Object.entries(reserved.looks)]);
const shapesOfOurs = new Set(reserved.shapes);
const SCRIPTS = ['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Coptic', 'Cherokee', 'Lisu'].map(
  (script) => new RegExp(`(?=\\p{L})\\p{Script=${script}}`, 'u'),
);
const BETWEEN = /(?:(?![\p{Nl}\p{No}])[^\p{L}])+/u; // what is no letter of a word
const ALGORITHM = /(sha|md|blake)[0-9a-z]{0,3}(?=[0-9a-f]{8})/;
const HEX = /^(?:[0-9a-f]{16,}|(?=.*[0-9])[0-9a-f]{8,})$/;

const seen = new Map(); // each entry asks for the names of its offices

/** Return true for a name that is a code, a verdict or a digest, or has a word of two scripts that look alike. */
export function isMisleading(name) {
  if (!seen.has(name)) seen.set(name, readsLikeOurs(name));
  return seen.get(name);
}

function readsLikeOurs(name) {
  if (shapes(name).some((shape) => shapesOfOurs.has(shape))) return true;
  const digits = folded(translated(lettersIn(folded(name)), letters));
  if (HEX.test(digits.replace(ALGORITHM, '')) || HEX.test(digits)) return true;
  return name.normalize('NFKC').split(BETWEEN).some(isMixed);
}

/** Return how the letters and digits of a text look, in upper and lower case; look-alikes become ASCII. */
const shapes = (text) => [text.toUpperCase(), folded(text)].map((each) => folded(translated(lettersIn(each), looks)));

const lettersIn = (text) => text.normalize('NFKD').replace(/[^\p{L}\p{N}]/gu, '');
const translated = (text, table) => [...text].map((c) => table.get(c) ?? c).join('');

/** Return a text in the case folding of Unicode: Cherokee letters in upper case, others in lower case, one by one. */
const folded = (text) => [...text].map(foldedOne).join('');
const foldedOne = (c) => (/\p{Script=Cherokee}/u.test(c) ? c.toUpperCase() : c.toLowerCase().toUpperCase().toLowerCase());

const isMixed = (word) => SCRIPTS.filter((script) => script.test(word)).length > 1;
