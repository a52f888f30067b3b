/** Parse X.509 certificates and build chains from trusted roots (RFC 5280; RFC 3161, 2.3). */
import { equal, latin1, unb64 } from '../formats/bytes.mjs';
import {
  BITS,
  BOOLEAN,
  GENERALIZED_TIME,
  INTEGER,
  OCTETS,
  OID,
  SEQUENCE,
  SET,
  UTC_TIME,
  bits,
  elements,
  field,
  flag,
  integer,
  members,
  moment,
  oid,
  plainField,
  single,
  small,
  structure,
  text,
  unreadable,
} from './der.mjs';
import { Refused } from '../errors.mjs';
import { keyKind, methodOf, signatureHolds, signedWith } from './signature.mjs';

const [KEY_USAGE, ALTERNATIVE_NAME, CONSTRAINTS] = ['2.5.29.15', '2.5.29.17', '2.5.29.19'];
const [NAME_CONSTRAINTS, POLICIES, EXTENDED_USAGE] = ['2.5.29.30', '2.5.29.32', '2.5.29.37'];
const KNOWN = [KEY_USAGE, ALTERNATIVE_NAME, CONSTRAINTS, NAME_CONSTRAINTS, POLICIES, EXTENDED_USAGE];
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const [SIGNS, SIGNS_CERTIFICATES] = [0xc0, 0x04]; // bits of a key usage: signature or non-repudiation, certificates
const LARGEST_PATH = 2 ** 31 - 1;

const SHORT = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

/**
 * Parse a Name. `exact` has its texts unchanged. `folded` is without what RFC 5280 ignores when names are compared:
 * case, white space at the ends, repeated white space. `shown` is the form that people write.
 */
export function nameOf(element) {
  const parts = elements(element.body, SET).map(({ body }) =>
    members(body, SEQUENCE).map((each) =>
      structure(each, (fields) => {
        const [type, value] = [oid(fields.next(OID)), fields.any()];
        if (!value) throw unreadable('der-form');
        return [type, text(value)];
      }),
    ),
  );
  if (parts.some((part) => !part.length)) throw unreadable('der-form');
  const fold = (value) => value.trim().replace(/\s+/g, ' ').toLowerCase();
  const written = ([type, value]) => `${SHORT[type] ?? type}=${value.replace(/[\\",+;<>]/g, '\\$&')}`;
  return {
    exact: JSON.stringify(parts),
    folded: JSON.stringify(parts.map((part) => part.map(([type, value]) => [type, fold(value)]))),
    shown: parts
      .reverse()
      .map((part) => part.map(written).join('+'))
      .join(','),
  };
}

/** Parse a certificate; nothing of it is proven yet. TST-FORMAT. */
export function parseCertificate(bytes) {
  return structure(single(bytes, SEQUENCE), (fields) => {
    const signed = fields.next(SEQUENCE);
    const signedBy = fields.next(SEQUENCE);
    methodOf(signedBy);
    const spelled = fields.next(BITS);
    const signature = spelled.body[0] === 0 ? bits(spelled) : bits(spelled).subarray(0, 0); // whole bytes, or none
    return { ...structure(signed, (inner) => contentOf(inner, signedBy)), bytes, signed: signed.whole, signature };
  });
}

function contentOf(fields, signedBy) {
  const version = fields.maybe(field(0));
  if (version && ![1, 2].includes(small(single(version.body, INTEGER)))) throw unreadable('der-form');
  const serial = integer(fields.next(INTEGER));
  const method = fields.next(SEQUENCE);
  methodOf(method);
  const issuer = nameOf(fields.next(SEQUENCE));
  const [from, until] = structure(fields.next(SEQUENCE), (inner) => [timeOf(inner), timeOf(inner)]);
  const subject = nameOf(fields.next(SEQUENCE));
  const key = fields.next(SEQUENCE);
  keyKind(key);
  [1, 2].forEach((number) => fields.maybe(plainField(number))); // unique identifiers, not used
  const more = fields.maybe(field(3));
  return {
    serial,
    issuer,
    subject,
    from,
    until,
    key,
    method: equal(method.whole, signedBy.whole) ? signedBy : null, // null: its two algorithm fields differ
    extensions: more ? extensionsOf(single(more.body, SEQUENCE)) : new Map(),
  };
}

function timeOf(fields) {
  return moment(fields.maybe(UTC_TIME) ?? fields.next(GENERALIZED_TIME));
}

/** Parse extensions: name -> {critical, value}. */
export function extensionsOf(list) {
  const found = new Map();
  for (const each of elements(list.body, SEQUENCE)) {
    const [name, extension] = structure(each, (fields) => [
      oid(fields.next(OID)),
      { critical: flag(fields.maybe(BOOLEAN)), value: fields.next(OCTETS).body },
    ]);
    if (found.has(name)) throw unreadable('der-form');
    found.set(name, extension);
  }
  return found;
}

/** Parse the certificates of a trusted file, PEM or DER; TRUST-FORMAT if it has none. */
export function certificatesIn(file) {
  const typed = latin1(file);
  try {
    if (!typed.includes('-----BEGIN')) return [parseCertificate(file)];
    const found = [...typed.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)];
    if (!found.length) throw unreadable('der-form');
    return found.map(([, spelled]) => parseCertificate(unb64(spelled.replace(/\s/g, ''))));
  } catch (wrong) {
    if (!(wrong instanceof Refused || wrong instanceof RangeError || wrong instanceof DOMException)) throw wrong;
    throw new Refused('TRUST-FORMAT', ['certificate-form'], 'authorities');
  }
}

// -- purpose and chain ------------------------------------------------------------------------------------------------

/** Return true if the only purpose of a certificate is time stamping, and the extension is critical (RFC 3161, 2.3). */
export function isForStamping({ extensions }) {
  const usage = extensions.get(EXTENDED_USAGE);
  if (!usage?.critical) return false;
  const purposes = read(() => elements(single(usage.value, SEQUENCE).body, OID).map(oid));
  return purposes?.length === 1 && purposes[0] === TIME_STAMPING;
}

/** Return the result of `work`; null where it refuses the form. */
function read(work) {
  try {
    return work();
  } catch (wrong) {
    if (wrong instanceof Refused) return null;
    throw wrong;
  }
}

export const isRoot = ({ issuer, subject }) => issuer.exact === subject.exact;

const isGoodAt = ({ from, until, extensions }, at) =>
  from <= at && at < until && ![...extensions].some(([name, { critical }]) => critical && !KNOWN.includes(name));

/** Return the first byte of the key usage; null where the extension is absent. */
function usageOf({ extensions }) {
  const usage = extensions.get(KEY_USAGE);
  return usage ? (read(() => bits(single(usage.value, BITS))[0]) ?? 0) : null;
}

/** Return how many authorities may follow below this one, Infinity without a limit; null if it is no authority. */
function roomBelow(certificate) {
  const said = certificate.extensions.get(CONSTRAINTS);
  const usage = usageOf(certificate);
  if (usage !== null && !(usage & SIGNS_CERTIFICATES)) return null;
  if (!said) return isRoot(certificate) ? Infinity : null; // old roots have no constraints
  return read(() =>
    structure(single(said.value, SEQUENCE), (fields) => {
      const authority = flag(fields.maybe(BOOLEAN));
      const room = fields.maybe(INTEGER);
      const most = room ? small(room, LARGEST_PATH) : Infinity;
      return authority ? most : null;
    }),
  );
}

/**
 * Return true if a chain leads from `roots` to `signer` at a moment, through any of `others`.
 *
 * The search starts at the roots. It uses a key only after a proven key has signed for it, so added certificates gain
 * nothing and cost no time. TST-FORMAT if it fails for what this page does not read: an algorithm, a name constraint.
 */
export async function isProven(signer, roots, others, at) {
  const usage = usageOf(signer);
  if (!isGoodAt(signer, at) || usage === 0 || (usage !== null && usage & ~SIGNS)) return false;
  if (roots.some((root) => equal(root.bytes, signer.bytes))) return true;
  const proven = [];
  const waiting = new Map([...others, signer].map((each) => [latin1(each.bytes), each]));
  let unread = false;
  const admit = (certificate, most) => {
    const room = roomBelow(certificate);
    if (room === null || most < 0 || !isGoodAt(certificate, at)) return;
    if (certificate.extensions.has(NAME_CONSTRAINTS)) unread = true;
    else proven.push({ certificate, room: Math.min(room, most) });
  };
  for (const root of roots) admit(root, Infinity);
  for (const { certificate: authority, room } of proven) {
    for (const [spelled, child] of waiting) {
      if (child.issuer.folded !== authority.subject.folded) continue;
      const holds = await signedBy(child, authority);
      if (holds === null) unread = true;
      if (!holds) continue;
      if (child === signer) return true;
      waiting.delete(spelled);
      admit(child, isRoot(child) ? room : room - 1);
    }
  }
  if (unread) throw unreadable('token-unread');
  return false;
}

/** Return true if the key of `authority` signed a certificate; null if the browser cannot verify it. */
async function signedBy(child, authority) {
  if (!child.method) return false;
  const method = signedWith(methodOf(child.method));
  return method && signatureHolds(authority.key, method, child.signed, child.signature);
}
