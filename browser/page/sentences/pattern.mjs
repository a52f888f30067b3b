/**
 * Patterns of sentences, read once and filled with the words of an entry: projections/sentences/pattern.py says what the
 * signs mean. A part is a text, or {value}, {optional} or {choice}.
 */
import { ERASED } from '../../check/reading/case_entry.mjs';

const SIGN = /[{}[\]<>|]|[^{}[\]<>|]+/g;
const read = new Map();

/** Return the parts of a pattern of this program. */
export function parsed(pattern) {
  if (!read.has(pattern)) read.set(pattern, partsOf(pattern.match(SIGN).values(), '')[0]);
  return read.get(pattern);
}

/**
 * Return the sentence of parts; null where a value at the top has no words.
 *
 * `words(field, how)` returns words, WITHHELD, ERASED or null, `code(field)` the code of a field, or ''.
 */
export function filled(parts, words, code) {
  let sentence = '';
  for (const part of parts) {
    const text = typeof part === 'string' ? part : textOf(part, words, code);
    if (text === null) return null;
    sentence += text;
  }
  return sentence;
}

function textOf({ value, optional, choice }, words, code) {
  if (optional) return filled(optional, words, code) ?? '';
  if (choice) return filled(choice.words.get(code(choice.field)) ?? choice.words.get('*') ?? [], words, code);
  const found = words(value.field, value.how);
  return typeof found === 'string' ? found : found === ERASED ? value.erased : value.closed;
}

/** Read parts up to one of the characters `ends`, or to the end; return them with that character. */
function partsOf(signs, ends) {
  const parts = [];
  for (let next = signs.next(); !next.done; next = signs.next()) {
    const sign = next.value;
    if (ends.includes(sign)) return [parts, sign];
    if (sign === '{') parts.push({ value: valueOf(signs) });
    else if (sign === '[') parts.push({ optional: partsOf(signs, ']')[0] });
    else if (sign === '<') parts.push({ choice: choiceOf(signs) });
    else parts.push(sign);
  }
  return [parts, ''];
}

function valueOf(signs) {
  let inside = '';
  for (let { value: sign } = signs.next(); sign !== '}'; { value: sign } = signs.next()) inside += sign;
  const [name, closed = null, erased = null] = inside.split('|');
  const [field, how = ''] = name.split(':');
  return { field, how, closed, erased };
}

function choiceOf(signs) {
  const words = new Map();
  let [field, end] = [null, '|'];
  while (end === '|') {
    let parts;
    [parts, end] = partsOf(signs, '|>');
    let first = typeof parts[0] === 'string' ? parts.shift() : '';
    if (field === null) [field, first] = divided(first, '=');
    const [code, rest] = divided(first, ':');
    words.set(code, rest ? [rest, ...parts] : parts);
  }
  return { field, words };
}

/** Return what is before the first mark, and what is after it. */
function divided(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
