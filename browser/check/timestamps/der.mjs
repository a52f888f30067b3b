/**
 * Read DER, as far as time stamps and certificates need it. Each value has one encoding; any other is TST-FORMAT.
 *
 * Nothing here recurses: the caller asks for each part of a structure, so that deep nesting costs nothing. A length is
 * definite, as short as possible, and within the given bytes. No library does this: asn1js reads BER.
 */
import { bySize, hex, latin1, utf8 } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { secondsOf } from '../shape.mjs';

export const [BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06];
export const [SEQUENCE, SET, UTC_TIME, GENERALIZED_TIME] = [0x30, 0x31, 0x17, 0x18];
const LONGEST_OID = 63; // bytes

/** Return the tag of a context-specific field: constructed, or primitive. */
export const field = (number) => 0xa0 + number;
export const plainField = (number) => 0x80 + number;

export const unreadable = (...says) => new Refused('TST-FORMAT', says);

const malformed = () => unreadable('der-form');

/** Return the element at offset `at`: its tag, its content `body`, and all its bytes, `whole`. */
function elementAt(bytes, at) {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (first === undefined || (tag & 0x1f) === 0x1f) throw malformed(); // no format here has tags above 30
  let [begin, size] = [at + 2, first];
  if (first >= 0x80) {
    const digits = bytes.subarray(begin, begin + first - 0x80);
    begin += first - 0x80;
    size = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    if (first === 0x80 || first > 0x84 || !digits[0] || size < 0x80) throw malformed();
  }
  if (begin + size > bytes.length) throw malformed();
  return { tag, body: bytes.subarray(begin, begin + size), whole: bytes.subarray(at, begin + size) };
}

/** Split `bytes` into elements; with `tag`, each of them must have it. */
export function elements(bytes, tag = null) {
  const found = [];
  for (let at = 0; at < bytes.length; at += found.at(-1).whole.length) {
    found.push(elementAt(bytes, at));
    if (tag !== null && found.at(-1).tag !== tag) throw malformed();
  }
  return found;
}

/** Return the only element in `bytes`, which must have this tag. */
export function single(bytes, tag) {
  const [one, more] = elements(bytes, tag);
  if (!one || more) throw malformed();
  return one;
}

/** Return the elements of a SET OF, which must be in the order of their bytes. */
export function members(bytes, tag = null) {
  const found = elements(bytes, tag);
  const spelled = found.map(({ whole }) => latin1(whole));
  if (spelled.some((each, n) => n && spelled[n - 1] > each)) throw malformed();
  return found;
}

/** The fields of a SEQUENCE, read once and in order. */
export class Fields {
  constructor(element) {
    this.left = elements(element.body);
  }

  /** Return the next field if it has this tag, else null. */
  maybe(tag) {
    return this.left[0]?.tag === tag ? this.left.shift() : null;
  }

  next(tag) {
    const found = this.maybe(tag);
    if (!found) throw malformed();
    return found;
  }

  /** Return the next field of any tag; null after the last one. */
  any() {
    return this.left.shift() ?? null;
  }

  end() {
    if (this.left.length) throw malformed();
  }
}

/** Read the fields of a SEQUENCE by `read`, which must leave none. */
export function structure(element, read) {
  const fields = new Fields(element);
  const made = read(fields);
  fields.end();
  return made;
}

// -- values -----------------------------------------------------------------------------------------------------------

/** Return the bytes of an INTEGER in hex, as two's complement without padding. */
export function integer({ body }) {
  const padded = body.length > 1 && (body[0] === 0 ? body[1] < 0x80 : body[0] === 0xff && body[1] >= 0x80);
  if (!body.length || padded) throw malformed();
  return hex(body);
}

/** Return an INTEGER that is not negative, as BigInt. */
export function natural(element) {
  const digits = integer(element);
  if (element.body[0] >= 0x80) throw malformed();
  return BigInt(`0x${digits}`);
}

/** Return an INTEGER from 0 to `most`, as a number. */
export function small(element, most = 255) {
  const value = natural(element);
  if (bySize(value, BigInt(most)) > 0) throw malformed();
  return Number(value);
}

/** Return an OBJECT IDENTIFIER in dotted form. */
export function oid({ body }) {
  if (!body.length || body.length > LONGEST_OID || body.at(-1) >= 0x80) throw malformed();
  const arcs = [];
  let [arc, begins] = [0n, true];
  for (const byte of body) {
    if (begins && byte === 0x80) throw malformed();
    arc = (arc << 7n) + BigInt(byte & 0x7f);
    begins = byte < 0x80;
    if (begins) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const root = arcs[0] < 80n ? arcs[0] / 40n : 2n;
  return [root, arcs[0] - root * 40n, ...arcs.slice(1)].join('.');
}

/** Return a BOOLEAN that is absent where it is false. */
export function flag(element) {
  if (element === null) return false;
  if (element.body.length !== 1 || element.body[0] !== 0xff) throw malformed();
  return true;
}

/** Return the bytes of a BIT STRING; its unused bits must be 0. */
export function bits({ body }) {
  const unused = body[0];
  const last = body.length > 1 ? body.at(-1) : 0;
  if (!body.length || unused > 7 || (body.length === 1 && unused) || last & (2 ** unused - 1)) throw malformed();
  return body.subarray(1);
}

const TIME = {
  [UTC_TIME]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [GENERALIZED_TIME]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{0,8}[1-9])?Z$/,
};

/** Return a time as whole seconds since 1970, UTC; a fraction is dropped. */
export function moment({ tag, body }, fraction = false) {
  const found = TIME[tag]?.exec(latin1(body));
  if (!found || (found[7] && !fraction)) throw malformed();
  const [, year, month, day, hour, minute, second] = found;
  const century = year.length === 4 ? '' : Number(year) < 50 ? '20' : '19';
  const seconds = secondsOf(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (seconds === null) throw malformed();
  return seconds;
}

const WIDTH = { 0x1e: 2, 0x1c: 4 }; // bytes of a character in a BMPString, a UniversalString
const TEXTS = [0x0c, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e]; // string types that names may have
const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]*$/;

/** Return the text of a string; types without a fixed width are read as UTF-8. */
export function text({ tag, body }) {
  try {
    if (!TEXTS.includes(tag) || !body.length) throw malformed();
    if (!WIDTH[tag]) {
      const read = utf8(body);
      if (tag === 0x13 && !PRINTABLE.test(read)) throw malformed();
      return read;
    }
    const spelled = hex(body).match(new RegExp(`.{1,${2 * WIDTH[tag]}}`, 'g'));
    const read = spelled.map((each) => String[WIDTH[tag] === 2 ? 'fromCharCode' : 'fromCodePoint'](parseInt(each, 16)));
    if (body.length % WIDTH[tag] || !read.join('').isWellFormed()) throw malformed();
    return read.join('');
  } catch (wrong) {
    throw wrong instanceof Refused ? wrong : malformed();
  }
}

/** Return an AlgorithmIdentifier: its name, its parameters, null where they are absent or NULL, and whether they are NULL. */
export function algorithm(element) {
  return structure(element, (fields) => {
    const name = oid(fields.next(OID));
    const parameters = fields.any();
    if (parameters?.tag !== NULL) return { name, parameters, isNull: false };
    if (parameters.body.length) throw malformed();
    return { name, parameters: null, isNull: true };
  });
}
