/**
 * Read the canonical JSON of signed payloads, and check its bounds and its form (ledger/formats/canonical_json.py).
 *
 * `JSON.parse` drops duplicate keys and the difference between 1 and 1.0, so this page has its own reader. Objects
 * become Maps: no name in them has a meaning in JavaScript.
 */
import { utf8 } from './bytes.mjs';
import { codeOf, isNfc } from './characters.mjs';
import { Refused } from '../errors.mjs';

export const MAX_BYTES = 32_768; // of a signed payload
export const MAX_NODES = 2_000;
const MAX_DEPTH = 16;
const DEEPEST = 1_024; // levels that the reader follows

const KEY = /^[a-z_][a-z0-9_]{0,63}$/;
const RESERVED_KEYS = new Set(['_sd', '_sd_alg', '...']);
// C0 without line feed, DEL, C1, and the characters that embed, override or isolate a direction (UAX 9)
const FORBIDDEN = /[\0-\t\v-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A number that is not an integer, as it was written. */
class Decimal {
  constructor(text) {
    this.text = text;
  }
}

/** Parse bytes without any other check; JSON-FORM or JSON-DEPTH if they are not JSON. */
export function loads(bytes) {
  let text;
  try {
    text = utf8(bytes);
  } catch {
    throw new Refused('JSON-FORM', ['json-utf8']);
  }
  return new Reader(text).whole();
}

/** Parse canonical bytes: JSON-*. */
export function parseJson(bytes, { maxBytes = MAX_BYTES, maxNodes = MAX_NODES } = {}) {
  if (bytes.length > maxBytes) throw new Refused('JSON-SIZE', ['json-size', bytes.length, maxBytes]);
  const value = loads(bytes);
  checkJson(bytes, value, { maxNodes });
  return value;
}

/**
 * Refuse bytes that are not the canonical form of `value`, and values outside the domain. `also` is the form of further
 * keys.
 */
export function checkJson(bytes, value, { maxNodes = MAX_NODES, also = null } = {}) {
  walk(value, MAX_DEPTH, { left: maxNodes, also });
  if (canonical(value) !== utf8(bytes)) throw new Refused('JSON-FORM', ['json-canonical']);
}

function walk(value, depth, bounds) {
  if (--bounds.left < 0) throw new Refused('JSON-SIZE', ['json-nodes']);
  if (typeof value === 'string') checkText(value);
  else if (value instanceof Decimal) throw new Refused('JSON-NUMBER', ['json-decimal', value.text]);
  else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Refused('JSON-NUMBER', ['json-large', value]);
  } else if (value instanceof Map || Array.isArray(value)) {
    if (depth === 0) throw new Refused('JSON-DEPTH', ['json-depth', MAX_DEPTH]);
    if (Array.isArray(value)) value.forEach((inner) => walk(inner, depth - 1, bounds));
    else {
      for (const [key, inner] of value) {
        if (!KEY.test(key) && !RESERVED_KEYS.has(key) && !bounds.also?.test(key)) {
          throw new Refused('JSON-KEY', ['json-key', key]);
        }
        walk(inner, depth - 1, bounds);
      }
    }
  }
}

function checkText(text) {
  if (!isNfc(text)) throw new Refused('JSON-NFC', ['json-nfc']);
  const found = FORBIDDEN.exec(text);
  if (found) throw new Refused('JSON-CHAR', ['json-char', codeOf(found[0])]);
}

/** Return the canonical form (RFC 8785) of a value with ASCII keys and integers. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  const members = [...value.keys()].sort().map((key) => `${JSON.stringify(key)}:${canonical(value.get(key))}`);
  return `{${members.join(',')}}`;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\0-\x1f]*/y;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/y;
const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null/y;
const WORDS = { true: true, false: false, null: null };
const ESCAPES = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** A reader of one JSON text (RFC 8259). */
class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  whole() {
    this.take(SPACE);
    const value = this.value(DEEPEST);
    this.take(SPACE);
    if (this.at < this.text.length) this.refuse();
    return value;
  }

  refuse() {
    throw new Refused('JSON-FORM', ['json-form', this.at]);
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) this.refuse();
    this.at = pattern.lastIndex;
    return found;
  }

  /** Skip a character if it is the next one; return whether it was. */
  next(character) {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  value(depth) {
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === '{' || first === '[') {
      if (depth === 0) throw new Refused('JSON-DEPTH', ['json-depth', DEEPEST]);
      return first === '{' ? this.object(depth - 1) : this.array(depth - 1);
    }
    return first === '-' || (first >= '0' && first <= '9') ? this.number() : WORDS[this.take(WORD)[0]];
  }

  number() {
    const [text, point, power] = this.take(NUMBER);
    const number = Number(text);
    if (!Number.isFinite(number)) this.refuse();
    return point || power ? new Decimal(text) : number;
  }

  string() {
    this.at++;
    let text = '';
    while (!this.next('"')) {
      const from = this.at;
      text += this.take(PLAIN)[0];
      if (this.text[this.at] === '\\') {
        const [, code, letter] = this.take(ESCAPE);
        text += code ? String.fromCharCode(parseInt(code, 16)) : (ESCAPES[letter] ?? letter);
      } else if (this.at === from) this.refuse();
    }
    if (LONE_SURROGATE.test(text)) this.refuse();
    return text;
  }

  array(depth) {
    const items = [];
    this.list(']', () => items.push(this.value(depth)));
    return items;
  }

  object(depth) {
    const members = new Map();
    this.list('}', () => {
      if (this.text[this.at] !== '"') this.refuse();
      const key = this.string();
      this.take(SPACE);
      if (!this.next(':')) this.refuse();
      this.take(SPACE);
      members.set(key, this.value(depth));
    });
    return members;
  }

  /** Read items separated by commas, up to the closing bracket. */
  list(end, item) {
    this.at++;
    this.take(SPACE);
    if (this.next(end)) return;
    do {
      this.take(SPACE);
      item();
      this.take(SPACE);
    } while (this.next(','));
    if (!this.next(end)) this.refuse();
  }
}
