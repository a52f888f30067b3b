/** Verify signatures of time-stamp authorities: RSA and ECDSA over SHA-2, computed by the browser. */
import { concat } from '../formats/bytes.mjs';
import {
  BITS,
  INTEGER,
  OID,
  SEQUENCE,
  algorithm,
  bits,
  field,
  natural,
  oid,
  single,
  small,
  structure,
} from './der.mjs';
import { Refused } from '../errors.mjs';

/** The accepted hashes: object identifier -> name in WebCrypto. */
export const HASHES = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
};
const [PKCS1, PSS, ECDSA] = ['RSASSA-PKCS1-v1_5', 'RSA-PSS', 'ECDSA'];
const METHODS = {
  '1.2.840.113549.1.1.11': { name: PKCS1, hash: 'SHA-256' },
  '1.2.840.113549.1.1.12': { name: PKCS1, hash: 'SHA-384' },
  '1.2.840.113549.1.1.13': { name: PKCS1, hash: 'SHA-512' },
  '1.2.840.10045.4.3.2': { name: ECDSA, hash: 'SHA-256' },
  '1.2.840.10045.4.3.3': { name: ECDSA, hash: 'SHA-384' },
  '1.2.840.10045.4.3.4': { name: ECDSA, hash: 'SHA-512' },
};
export const RSA_PSS = '1.2.840.113549.1.1.10';
const [RSA_KEY, EC_KEY, MASK] = ['1.2.840.113549.1.1.1', '1.2.840.10045.2.1', '1.2.840.113549.1.1.8'];
const CURVES = {
  '1.2.840.10045.3.1.7': { namedCurve: 'P-256', size: 32 },
  '1.3.132.0.34': { namedCurve: 'P-384', size: 48 },
  '1.3.132.0.35': { namedCurve: 'P-521', size: 66 },
};
const PLAIN = new Set([...Object.keys(HASHES), ...Object.keys(METHODS), RSA_KEY]); // algorithms without parameters
const LONGEST_KEY = 2_200; // bytes: RSA with 16,384 bits

/** Parse an AlgorithmIdentifier as `algorithm` does; refuse parameters of an algorithm that has none. */
export function methodOf(element) {
  const method = algorithm(element);
  const bare = METHODS[method.name]?.name === ECDSA; // RFC 5758, 3.2: not even NULL
  if ((method.parameters && PLAIN.has(method.name)) || (method.isNull && bare)) throw unreadable('der-form');
  return method;
}

/** Return how a certificate is signed: {name, hash, saltLength}; null for an algorithm that is not read here. */
export const signedWith = ({ name, parameters }) => (name === RSA_PSS ? pss(parameters) : (METHODS[name] ?? null));

/** Parse RSA-PSS parameters (RFC 4055, 3.1) with one hash for message and mask. */
function pss(parameters) {
  if (parameters?.tag !== SEQUENCE) return null;
  return structure(parameters, (fields) => {
    const [hash, mask, salt] = [0, 1, 2].map((number) => fields.maybe(field(number)));
    if (!hash || !mask || !salt) return null;
    const one = algorithm(single(hash.body, SEQUENCE));
    const other = algorithm(single(mask.body, SEQUENCE));
    const masked = other.name === MASK && other.parameters ? algorithm(other.parameters) : null;
    if (!HASHES[one.name] || masked?.name !== one.name) return null;
    return { name: PSS, hash: HASHES[one.name], saltLength: small(single(salt.body, INTEGER)) };
  });
}

/** Return the kind of a public key: {name}, for ECDSA also its curve; null for a key that is not read here. */
export const keyKind = (key) =>
  structure(key, (fields) => {
    const { name, parameters } = methodOf(fields.next(SEQUENCE));
    bits(fields.next(BITS));
    if (name === RSA_KEY) return { name: PKCS1 };
    if (name === EC_KEY && parameters && ![OID, SEQUENCE].includes(parameters.tag)) throw unreadable('der-form');
    const curve = name === EC_KEY && parameters?.tag === OID && CURVES[oid(parameters)];
    return curve ? { name: ECDSA, ...curve } : null;
  });

/**
 * Return true if `signature` over `message` holds by a SubjectPublicKeyInfo and {name, hash}; null if the browser cannot
 * verify it.
 */
export async function signatureHolds(key, { name, hash, saltLength }, message, signature) {
  const kind = keyKind(key);
  if (!kind || key.whole.length > LONGEST_KEY) return null;
  if (kind.name !== (name === PSS ? PKCS1 : name)) return false;
  let imported;
  try {
    imported = await crypto.subtle.importKey('spki', key.whole, { ...kind, name, hash }, false, ['verify']);
  } catch {
    return null;
  }
  const plain = name === ECDSA ? plainEcdsa(signature, kind.size) : signature;
  return plain !== null && crypto.subtle.verify({ name, hash, saltLength }, imported, plain, message);
}

/** Convert an ECDSA signature from DER to two numbers of `size` bytes each, as WebCrypto wants; null if it is none. */
function plainEcdsa(signature, size) {
  try {
    const numbers = structure(single(signature, SEQUENCE), (fields) => [fields.next(INTEGER), fields.next(INTEGER)]);
    numbers.forEach(natural);
    const trimmed = numbers.map(({ body }) => body.subarray(body[0] === 0 ? 1 : 0));
    if (trimmed.some(({ length }) => length > size)) return null;
    return concat(...trimmed.map((number) => concat(new Uint8Array(size - number.length), number)));
  } catch (wrong) {
    if (wrong instanceof Refused) return null;
    throw wrong;
  }
}
