/** Sealed values: salted digests and the disclosure strings that open them, RFC 9901 (ledger/formats/selective_disclosure.py). */
import { b64url, encoded, latin1, unb64url } from './bytes.mjs';
import { parseJson } from './canonical_json.mjs';
import { Refused } from '../errors.mjs';
import { sha256 } from '../../libraries.mjs';

const RESERVED = new Set(['_sd', '_sd_alg', '...']);
const SALT_SIZE = 16; // bytes
const MAX_BYTES = 8 * 2 ** 20;
const MAX_NODES = 100_000; // of the value; array, salt and name are three more
const NAME = /^[a-z_][a-z0-9_]{0,63}$/;
const RESERVED_KEY = /"(_sd|_sd_alg|\.\.\.)":/; // in canonical JSON only a key can have this form

/** Return the digest that is signed for a disclosure string. */
export const digestOf = (text) => b64url(sha256(encoded(text)));

/** Parse a disclosure string into name and value; SD-FORMAT, SD-NAME, JSON-*. */
function parseDisclosure(text) {
  let plain;
  try {
    plain = unb64url(text);
  } catch {
    throw new Refused('SD-FORMAT', ['disclosure-base64']);
  }
  const array = parseJson(plain, { maxBytes: MAX_BYTES, maxNodes: MAX_NODES + 3 });
  const [salt, name, value, ...more] = Array.isArray(array) && array.length > 2 ? array : [];
  if (more.length || typeof salt !== 'string' || typeof name !== 'string') {
    throw new Refused('SD-FORMAT', ['disclosure-array']);
  }
  checkSalt(salt);
  if (RESERVED.has(name) || !NAME.test(name)) throw new Refused('SD-NAME', ['disclosure-name', name]);
  if (RESERVED_KEY.test(latin1(plain))) throw new Refused('SD-NAME', ['disclosure-inside']);
  return { name, value };
}

function checkSalt(text) {
  let salt;
  try {
    salt = unb64url(text);
  } catch {
    throw new Refused('SD-FORMAT', ['disclosure-salt']);
  }
  if (salt.length !== SALT_SIZE) throw new Refused('SD-FORMAT', ['disclosure-salt-size', salt.length, SALT_SIZE]);
}

/**
 * Open values by disclosure strings: {name, value, digest} for each, in order.
 *
 * `sd` are the signed digests, `taken` the names of the public fields. SD-UNKNOWN, SD-DUP, SD-NAME, SD-FORMAT, JSON-*.
 */
export function lift(texts, sd, taken) {
  const signed = new Set(sd);
  const used = new Set();
  const opened = new Map();
  for (const text of texts) {
    const digest = digestOf(text);
    if (!signed.has(digest)) throw new Refused('SD-UNKNOWN', ['disclosure-unknown']);
    if (used.has(digest)) throw new Refused('SD-DUP', ['disclosure-twice']);
    used.add(digest);
    const { name, value } = parseDisclosure(text);
    if (opened.has(name) || taken.has(name)) throw new Refused('SD-DUP', ['disclosure-valued', name]);
    opened.set(name, { name, value, digest });
  }
  return [...opened.values()];
}
