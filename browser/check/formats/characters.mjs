/**
 * Check the characters and the normal form of a text by Unicode 14.0, whatever version the browser has, as in
 * ledger/formats/characters.py. The build writes the table of the program into this page.
 */
import { vocabulary } from '../../vocabulary.mjs';

// joiners, direction marks, variation selectors; and the scripts and emoji that use them
const USEFUL = /[\u061c\u180b-\u180d\u180f\u200c-\u200f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u;
const HOME = new RegExp(
  '[\\u0590-\\u1cff\\u20e3\\u2190-\\u2bff\\u2e80-\\ua4cf\\ua800-\\uab2f\\uab70-\\uabff\\uf900-\\ufaff\\ufb1d-\\ufdff' +
    '\\ufe70-\\ufefc\\u{10800}-\\u{11fff}\\u{1e800}-\\u{1faff}\\u{20000}-\\u{3ffff}]',
  'u',
);
const ASCII = /^[\0-\x7f]*$/;

/** Return a test for the ranges in `runs`: their ends in base 36, each as the distance from the one before. */
function within(runs) {
  let end = 0;
  const ends = runs.split(' ').map((step) => (end += parseInt(step, 36)));
  return (character) => {
    const point = character.codePointAt(0);
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (point < ends[middle]) high = middle;
      else low = middle + 1;
    }
    return low % 2 === 1;
  };
}

const isUnassigned = within(vocabulary.characters.unassigned);
const isHidden = within(vocabulary.characters.hidden);

/** Return true if a text is in normalisation form C by the tables of Unicode 14.0 (UAX 15). */
export function isNfc(text) {
  if (ASCII.test(text)) return true;
  const between = [...text].map((c) => (isUnassigned(c) ? '\0' : c)).join(''); // U+0000 is inert too
  return between.normalize('NFC') === between;
}

/** Return the first code point of a text that Unicode 14.0 does not assign; undefined if there is none. */
export const unassigned = (text) => (ASCII.test(text) ? undefined : [...text].find(isUnassigned));

/**
 * Return the first invisible character that a text may not contain; undefined if there is none. `allowed` says where
 * they may be: "none", "at-home" (in words of a script that uses them), "shown" (anywhere).
 */
export function unseen(text, allowed = 'none') {
  if (ASCII.test(text) || allowed === 'shown') return undefined;
  const atHome = allowed === 'at-home' && isAtHome(text);
  return [...text].find((c) => isHidden(c) && !(atHome && USEFUL.test(c)));
}

const isAtHome = (text) => [...text].some((c) => HOME.test(c) && !isHidden(c));

/** Split a text for display: [words, whether they are the name of an invisible character]. */
export function inParts(text) {
  if (unseen(text, 'at-home') === undefined) return [[text, false]];
  const atHome = isAtHome(text);
  const parts = [];
  for (const c of text) {
    if (isHidden(c) && !(atHome && USEFUL.test(c))) parts.push([codeOf(c), true]);
    else if (parts.length && !parts.at(-1)[1]) parts.at(-1)[0] += c;
    else parts.push([c, false]);
  }
  return parts;
}

/** Return a text for display, with invisible characters named, as `<U+200B>`. */
export const visible = (text) => inParts(text).map(([words, named]) => (named ? `<${words}>` : words)).join('');

/** Return the number of a character: `U+200B`. */
export const codeOf = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
