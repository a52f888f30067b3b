/**
 * The words of one language for values, as `Language` in projections/sentences/values.py: dates, sizes, lists, and what
 * others stated, which is quoted and never looked up.
 */
import { codeOf, visible } from '../../check/formats/characters.mjs';
import { phrases } from '../../phrases.mjs';
import { isMisleading } from './misleading_names.mjs';

const [LONGEST, ENDING, LONGEST_NAME, MOST] = [80, 25, 200, 4]; // characters, and items of a list
const PLAIN = /^[\p{L}\p{N}](?:[\p{L}\p{N}_./#+-]*[\p{L}\p{N}_#+])?$/u;
const BLANKS = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const CONTROL = /[\0-\x1f\x7f-\x9f]/g;
const NAMED = /<U\+[0-9A-F]{4,6}>/g; // as `visible` writes a character without a shape
const UNLIKE_A_NAME = /[\p{L}\p{N}_]{3}\. +[\p{L}\p{N}_]|[。！？؟:;!?\n"“”„‟«»]/u;
const QUOTES = /["“”„‟«»]/g;
const MARKS = /^["“”„‟«»\xa0 ]+|["“”„‟«»\xa0 ]+$/g; // at the ends of a text in quotation marks
const STEPS = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
];

export class Language {
  constructor(code) {
    this.code = code;
    this.phrases = phrases[code];
  }

  /** Return the words of a name in a table by name: fields, roles, findings, ...; undefined without any. */
  word(table, name) {
    return own(this.phrases[table], name);
  }

  /** Return the words of a code of a form (its number); undefined without any. */
  coded(form, code) {
    return own(this.phrases.codes[form], code);
  }

  /** Return a phrase with its places filled. */
  put(name, ...values) {
    return put(this.phrases.texts[name], values);
  }

  /** Return a day (ISO 8601) in words: `15 March 2027`. */
  date(day) {
    const [year, month, dayOfMonth] = day.split('-').map(Number);
    const parts = { y: year, MMMM: this.phrases.months[month - 1], d: dayOfMonth === 1 ? this.phrases.first : dayOfMonth };
    return this.phrases.date.replace(/MMMM|[dy]/g, (part) => parts[part]);
  }

  /** Return an instant in UTC, and in the time of an office: `15 March 2027 at 13:00 UTC (14:00 in Oslo)`. */
  moment(instant, times) {
    const { day, clock, localDay, localClock, place } = times.at(instant);
    if (!place) return this.put('moment', this.date(day), clock);
    if (localDay === day) return this.put('moment-local', this.date(day), clock, localClock, place);
    return this.put('moment-other-day', this.date(day), clock, localClock, this.date(localDay), place);
  }

  /** Return a number of bytes: `50 MB`, `1.2 MB`, `512 bytes`. */
  size(bytes) {
    const [step, unit] = STEPS.find(([least]) => bytes >= least) ?? [];
    if (!step) return this.put(bytes === 1 ? 'byte' : 'bytes', bytes);
    return `${oneDecimal(bytes / step).replace(/\.0$/, '').replace('.', this.phrases.point)} ${unit}`;
  }

  /** Return an ISO 8601 duration in words: `P1Y6M` as `1 year, 6 months`. */
  period(value) {
    const [days, clock = ''] = value.replace(/^P/, '').split('T');
    const parts = [...days.matchAll(/(\d+)([YMWD])/g), ...clock.replaceAll('M', 'm').matchAll(/(\d+)([HmS])/g)];
    return parts.map(([, n, unit]) => put(this.phrases.units[unit][n === '1' ? 0 : 1], [n])).join(', ');
  }

  /** Return items as a list: `a, b and c`; with semicolons where an item has a comma itself. */
  listed(items, most = MOST) {
    const some = items.length > most + 1 ? [...items.slice(0, most), this.put('more', items.length - most)] : items;
    const comma = some.some((item) => /[,;]/.test(item)) ? '; ' : ', ';
    return some.length > 1 ? `${some.slice(0, -1).join(comma)}${this.phrases.texts.and}${some.at(-1)}` : some[0];
  }

  /** Return what somebody stated: a plain word bare, else in quotation marks; null if it is blank. */
  quoted(text) {
    const line = inOneLine(text);
    if (!line) return null;
    const shown = cut(line, LONGEST);
    return PLAIN.test(shown) ? shown : this.inQuotes(shown);
  }

  /** Return a registered name: bare, but in quotation marks and cut where it could be read as words of ours. */
  named(name) {
    if (isMisleading(name)) return this.inQuotes(inOneLine(name.replace(MARKS, '')));
    const line = inOneLine(name);
    if ([...line].length <= LONGEST_NAME && !UNLIKE_A_NAME.test(name)) return line;
    return this.inQuotes(cut(line, LONGEST_NAME));
  }

  /** Return a registered name: in quotation marks if it reads like words of this program. */
  setApart(name) {
    return isMisleading(name) ? this.inQuotes(name) : name;
  }

  /** Return a text in the quotation marks of this language, which it cannot close itself. */
  inQuotes(text) {
    return this.phrases.texts.quoted.replace('{0}', () => text.replace(QUOTES, '’'));
  }
}

const own = (table, name) => (table && Object.hasOwn(table, name) ? table[name] : undefined);

const put = (pattern, values) => pattern.replace(/\{(\d)\}/g, (_, n) => visible(String(values[n])));

/** Return a text without line breaks, with each character that has no shape by its number: `<U+202E>`. */
const inOneLine = (text) =>
  visible(text.split(BLANKS).filter((word) => word).join(' ')).replace(CONTROL, (c) => `<${codeOf(c)}>`);

/** Return a number with one decimal, a half rounded to the even one, as Python has it. */
function oneDecimal(number) {
  if (Number.isInteger(number * 4) && !Number.isInteger(number * 2)) return String((2 * Math.round(number * 5)) / 10);
  return number.toFixed(1);
}

/** Return at most `most` characters of a text: of a longer one its beginning and its ending, no character divided. */
function cut(text, most) {
  const characters = [...text];
  if (characters.length <= most) return text;
  const inside = new Set();
  for (const { index, 0: name } of text.matchAll(NAMED)) {
    const start = [...text.slice(0, index)].length;
    for (let n = start + 1; n < start + name.length; n++) inside.add(n);
  }
  const places = [...characters.keys()].filter((n) => !inside.has(n) && !/\p{M}/u.test(characters[n]));
  const first = places.findLast((n) => n <= most - ENDING - 1) ?? 0;
  const last = places.find((n) => n >= characters.length - ENDING) ?? characters.length;
  return `${characters.slice(0, first).join('')}…${characters.slice(last).join('')}`;
}
