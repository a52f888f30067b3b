/**
 * Verify a time-stamp token at the moment that it states (RFC 3161, RFC 5652).
 *
 * Roots come only from outside; certificates inside a token only help to build the chain. A form that this page does not
 * read is TST-FORMAT, a doubt and never a pass.
 */
import { bySize, concat, equal, latin1, utf8 } from '../formats/bytes.mjs';
import { extensionsOf, isForStamping, isProven, isRoot, nameOf, parseCertificate } from './certificate.mjs';
import {
  BITS,
  BOOLEAN,
  GENERALIZED_TIME,
  INTEGER,
  OCTETS,
  OID,
  SEQUENCE,
  SET,
  bits,
  elements,
  field,
  flag,
  integer,
  members,
  moment,
  natural,
  oid,
  plainField,
  single,
  small,
  structure,
  unreadable,
} from './der.mjs';
import { Refused } from '../errors.mjs';
import { wire } from '../shape.mjs';
import { HASHES, RSA_PSS, keyKind, methodOf, signatureHolds } from './signature.mjs';

const LARGEST_REPLY = 65_536; // bytes
const WORST = 366 * 86_400; // seconds of accuracy
const [SIGNED_DATA, TST_INFO] = ['1.2.840.113549.1.7.2', '1.2.840.113549.1.9.16.1.4'];
const [CONTENT_TYPE, MESSAGE_DIGEST] = ['1.2.840.113549.1.9.3', '1.2.840.113549.1.9.4'];
const UTF8_STRING = 0x0c;

/**
 * Verify a stored reply over `data`: {at, from, by, authority}, the stated moment, its earliest and its latest value in
 * seconds since 1970. `trusted` are certificates from outside.
 *
 * TST-FORMAT (not read here), TST-STATUS, TST-IMPRINT, TST-EKU, TST-CHAIN, TST-SIG, TST-TIME.
 */
export async function readStamp(reply, data, trusted) {
  if (reply.length > LARGEST_REPLY) throw unreadable('token-size', LARGEST_REPLY);
  const { status, token } = parseReply(reply);
  if (status > 1) throw new Refused('TST-STATUS', ['token-status', status]);
  if (!token || token.type !== TST_INFO || !token.content) throw unreadable('der-form');
  const info = parseInfo(token.content);
  if (status || token.signers.length !== 1) throw unreadable('token-signers');
  await checkImprint(info, data);
  const [inside, [signed]] = [token.certificates.map(parseCertificate), token.signers];
  inside.sort((one, other) => bySize(latin1(one.bytes), latin1(other.bytes)));
  const isSigner = ({ issuer, serial }) => issuer.exact === signed.issuer.exact && serial === signed.serial;
  const signer = (inside.length ? inside : trusted).find(isSigner); // a token with certificates must include that of its signer
  if (!signer) throw new Refused('TST-CHAIN', ['token-signer']);
  if (!isForStamping(signer)) throw new Refused('TST-EKU', ['token-purpose']);
  if (!trusted.some(isRoot)) throw new Refused('TST-CHAIN', ['token-rootless']);
  const others = [...trusted.filter((each) => !isRoot(each)), ...inside];
  if (!(await isProven(signer, trusted.filter(isRoot), others, info.at))) {
    throw new Refused('TST-CHAIN', ['token-chain', wire(info.at)]);
  }
  await checkSignature(token, signed, signer);
  if (info.accuracy.seconds > WORST) throw new Refused('TST-TIME', ['token-vague', info.accuracy.seconds]);
  const { seconds, part } = info.accuracy;
  return {
    at: info.at,
    from: info.at - Number(seconds) - part,
    by: info.at + Number(seconds) + part,
    authority: signer.subject.shown,
  };
}

// -- checks -----------------------------------------------------------------------------------------------------------

const digestOf = async (hash, bytes) => new Uint8Array(await crypto.subtle.digest(hash, bytes));

async function checkImprint({ hash, imprint }, data) {
  if (!HASHES[hash]) throw new Refused('TST-IMPRINT', ['token-hash', hash]);
  if (!equal(imprint, await digestOf(HASHES[hash], data))) throw new Refused('TST-IMPRINT', ['token-other']);
}

/**
 * Check the signature over the signed attributes, which must name the type and the digest of the content. The key
 * determines the algorithm, the signer information the hash.
 */
async function checkSignature(token, signed, signer) {
  const wrong = new Refused('TST-SIG', ['token-signature']);
  if (!signed.attributes) throw unreadable('token-unread');
  const valueOf = (wanted) => signed.attributes.listed.find(({ type }) => type === wanted)?.values[0];
  const [kind, digest] = [valueOf(CONTENT_TYPE), valueOf(MESSAGE_DIGEST)];
  if (kind?.tag !== OID || oid(kind) !== TST_INFO || digest?.tag !== OCTETS) throw wrong;
  const [hash, weak] = [HASHES[signed.hash], token.hashes.find((each) => !HASHES[each])];
  if (weak) throw new Refused('TST-SIG', ['token-hash', weak]);
  if (!token.hashes.includes(signed.hash)) throw wrong;
  if (!equal(digest.body, await digestOf(hash, token.content))) throw wrong;
  const method = { name: keyKind(signer.key)?.name, hash };
  const message = concat([SET], signed.attributes.whole.subarray(1));
  const holds = await signatureHolds(signer.key, method, message, signed.signature);
  if (holds === null || (!holds && signed.method === RSA_PSS)) throw unreadable('token-unread');
  if (!holds) throw wrong;
}

// -- parsing ----------------------------------------------------------------------------------------------------------

/** Parse a TimeStampResp: {status, token}; `token` is null where the authority made none. */
function parseReply(bytes) {
  return structure(single(bytes, SEQUENCE), (fields) => {
    const status = structure(fields.next(SEQUENCE), (inner) => {
      const number = small(inner.next(INTEGER));
      const says = inner.maybe(SEQUENCE);
      if (says) elements(says.body, UTF8_STRING).forEach(({ body }) => utf8(body));
      const fails = inner.maybe(BITS);
      if (fails) bits(fails);
      return number;
    });
    const token = fields.maybe(SEQUENCE);
    return { status, token: token && structure(token, parseToken) };
  });
}

/** Parse a ContentInfo with SignedData: {hashes, type, content, certificates, signers}. */
function parseToken(fields) {
  if (oid(fields.next(OID)) !== SIGNED_DATA) throw unreadable('der-form');
  return structure(single(fields.next(field(0)).body, SEQUENCE), (inner) => {
    small(inner.next(INTEGER));
    const hashes = members(inner.next(SET).body, SEQUENCE).map((each) => methodOf(each).name);
    const { type, content } = structure(inner.next(SEQUENCE), (within) => {
      const type = oid(within.next(OID));
      const content = within.maybe(field(0));
      return { type, content: content && single(content.body, OCTETS).body };
    });
    const certificates = inner.maybe(field(0)); // in any order, as OpenSSL writes them
    const revoked = inner.maybe(field(1));
    if (revoked) elements(revoked.body, SEQUENCE).forEach(checkRevocations);
    return {
      hashes,
      type,
      content,
      certificates: certificates ? elements(certificates.body, SEQUENCE).map(({ whole }) => whole) : [],
      signers: members(inner.next(SET).body, SEQUENCE).map((each) => structure(each, parseSigner)),
    };
  });
}

/** Check the form of a revocation list, which is not used: it begins with its version or with its algorithm. */
function checkRevocations({ body }) {
  const [list] = elements(body);
  const [first] = list?.tag === SEQUENCE ? elements(list.body) : [];
  if (first?.tag !== INTEGER && first?.tag !== SEQUENCE) throw unreadable('der-form');
}

/** Parse a SignerInfo: signer, signed attributes, algorithms, signature. */
function parseSigner(fields) {
  small(fields.next(INTEGER));
  const [issuer, serial] = structure(fields.next(SEQUENCE), (inner) => [
    nameOf(inner.next(SEQUENCE)),
    integer(inner.next(INTEGER)),
  ]);
  const hash = methodOf(fields.next(SEQUENCE)).name;
  const attributes = fields.maybe(field(0));
  const method = methodOf(fields.next(SEQUENCE)).name;
  const signature = fields.next(OCTETS).body;
  const unsigned = fields.maybe(field(1));
  if (unsigned) attributesOf(unsigned);
  return { issuer, serial, hash, attributes: attributes && attributesOf(attributes), method, signature };
}

function attributesOf({ body, whole }) {
  const listed = members(body, SEQUENCE).map((each) =>
    structure(each, (fields) => ({ type: oid(fields.next(OID)), values: members(fields.next(SET).body) })),
  );
  return { listed, whole };
}

/** Parse a TSTInfo: {hash, imprint, at, accuracy}; the form of the other fields is checked. */
function parseInfo(bytes) {
  return structure(single(bytes, SEQUENCE), (fields) => {
    small(fields.next(INTEGER));
    oid(fields.next(OID));
    const [hash, imprint] = structure(fields.next(SEQUENCE), (inner) => [
      methodOf(inner.next(SEQUENCE)).name,
      inner.next(OCTETS).body,
    ]);
    integer(fields.next(INTEGER));
    const at = moment(fields.next(GENERALIZED_TIME), true);
    const accuracy = fields.maybe(SEQUENCE);
    const info = { hash, imprint, at, accuracy: accuracy ? structure(accuracy, accuracyOf) : { seconds: 0n, part: 0 } };
    flag(fields.maybe(BOOLEAN)); // ordering
    const nonce = fields.maybe(INTEGER);
    if (nonce) natural(nonce);
    const authority = fields.maybe(field(0));
    if (authority) checkGeneralName(authority);
    const extensions = fields.maybe(field(1));
    if (extensions) extensionsOf(extensions);
    return info;
  });
}

const GENERAL_NAMES = [0xa0, 0x81, 0x82, 0xa3, 0xa5, 0x86, 0x87, 0x88];

/** Check the form of the name that a token gives its authority; no certificate confirms that name. */
function checkGeneralName({ body }) {
  const [name, more] = elements(body);
  if (more || !name) throw unreadable('der-form');
  if (name.tag === field(4)) nameOf(single(name.body, SEQUENCE));
  else if (!GENERAL_NAMES.includes(name.tag)) throw unreadable('der-form');
}

/** Parse an Accuracy: whole seconds as BigInt, and the part of a second. */
function accuracyOf(fields) {
  const seconds = fields.maybe(INTEGER);
  const parts = [0, 1]
    .map((number) => fields.maybe(plainField(number)))
    .map((each) => (each ? small(each, 999) : null));
  if (parts.includes(0)) throw unreadable('der-form');
  return { seconds: seconds ? natural(seconds) : 0n, part: (parts[0] ?? 0) / 1_000 + (parts[1] ?? 0) / 1_000_000 };
}
