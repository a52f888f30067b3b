/**
 * Open and check a DSSE v1.0.2 envelope around canonical JSON, as ledger/entries/envelope.py does.
 *
 * Nothing is serialised again to verify it: the signed bytes are the bytes in the bundle.
 */
import { byCodePoint, concat, encoded, hex, latin1, unb64, unhex } from '../formats/bytes.mjs';
import { verifySignature } from '../formats/ed25519.mjs';
import { MAX_BYTES, MAX_NODES, checkJson, loads } from '../formats/canonical_json.mjs';
import { Refused } from '../errors.mjs';
import {
  COUNT,
  HEX32,
  HEX64,
  INSTANT,
  NAME,
  SIGNED_BY,
  UUID,
  anything,
  list,
  oneOf,
  orNull,
  record,
  table,
  whole,
  word,
} from '../shape.mjs';
import { sha256 } from '../../libraries.mjs';
import { leafHash } from '../tlog/tree.mjs';
import { vocabulary } from '../../vocabulary.mjs';

export const EVENT_TYPE = 'application/vnd.comity.event.v1+json';
export const MANIFEST_TYPE = 'application/vnd.comity.manifest.v1+json';
const POLICY_TYPE = 'application/vnd.comity.policy.v1+json';
const MAX_ENVELOPE = 49_152; // bytes

const HEAD = '{"payload":"';
const TAIL = new RegExp(
  '^","payloadType":"([!#-\\[\\]-~]+)",' +
    '"signatures":\\[\\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\\}\\]\\}$',
);

/** Return the signed bytes: the pre-authentication encoding of DSSE. */
export const pae = (type, payload) => concat(encoded(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload);

/**
 * Return the payload of an envelope that is signed by the key in its member `signer.key`. Whether that key may sign is
 * not decided here. ENV-*, SIG-BAD, JSON-*. With `form`, only the form of the envelope is checked, and with `unsigned` all but
 * the signature.
 */
export async function openBytes(
  raw,
  type,
  { maxBytes = MAX_BYTES, maxNodes = MAX_NODES, also = null, form = false, unsigned = false },
) {
  if (raw.length > Math.max(MAX_ENVELOPE, Math.floor(maxBytes / 3) * 4 + 512)) {
    throw new Refused('ENV-SIZE', ['envelope-size', raw.length]);
  }
  if (!readBefore.has(raw)) readBefore.set(raw, read(raw, type, maxBytes));
  const { value, key, payload, signed } = readBefore.get(raw);
  if (form) return value;
  if (!unsigned && !(await verifySignature(key, pae(type, payload), signed))) throw new Refused('SIG-BAD', ['signature-bad']);
  checkJson(payload, value, { maxNodes, also });
  return value;
}

const readBefore = new WeakMap(); // by the bytes of an envelope: step 9 uses what step 8 has parsed

/** Parse an envelope: its form is checked, its signature is not. */
function read(raw, type, maxBytes) {
  const [body, kind, keyId, signature] = parts(raw);
  if (kind !== type) throw new Refused('ENV-TYPE', ['envelope-type', kind, type]);
  const payload = decoded(body);
  if (payload.length > maxBytes) throw new Refused('ENV-SIZE', ['payload-size', payload.length, maxBytes]);
  const value = loads(payload);
  const key = namedKey(value);
  if (hex(sha256(key)) !== keyId) throw new Refused('ENV-KEYID', ['envelope-keyid']);
  return { value, key, payload, signed: decoded(signature) };
}

function parts(raw) {
  const end = raw.indexOf(0x22, HEAD.length);
  const [head, tail] = [latin1(raw.subarray(0, HEAD.length)), TAIL.exec(end < 0 ? '' : latin1(raw.subarray(end)))];
  const body = end < 0 ? '' : latin1(raw.subarray(HEAD.length, end));
  if (head !== HEAD || !tail || /[^A-Za-z0-9+/=]|=[^=]/.test(body) || /^=|===$/.test(body) || !body)
    throw diagnosis(raw);
  return [body, tail[1], tail[2], tail[3]];
}

/** Return the rule that a wrong envelope breaks. */
function diagnosis(raw) {
  let value;
  try {
    value = loads(raw);
  } catch {
    return new Refused('ENV-NONCANON', ['envelope-json']);
  }
  const members = value instanceof Map ? value : new Map();
  const signatures = members.get('signatures');
  if (Array.isArray(signatures) && signatures.length !== 1) {
    return new Refused('ENV-SIGCOUNT', ['envelope-signatures', signatures.length]);
  }
  if (value instanceof Map && ![EVENT_TYPE, MANIFEST_TYPE, POLICY_TYPE].includes(members.get('payloadType'))) {
    return new Refused('ENV-TYPE', ['envelope-unknown-type']);
  }
  return new Refused('ENV-NONCANON', ['envelope-form']);
}

function decoded(text) {
  try {
    return unb64(text);
  } catch {
    throw new Refused('ENV-NONCANON', ['envelope-base64']);
  }
}

function namedKey(value) {
  const signer = value instanceof Map ? value.get('signer') : null;
  const key = signer instanceof Map ? signer.get('key') : null;
  if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key)) throw new Refused('JSON-FORM', ['envelope-key']);
  return unhex(key);
}

export const DOCUMENT = record({ code: NAME, media: NAME, size: COUNT, sha256: HEX64 });

export const KIND = word(/^[a-z][a-z0-9-]{0,79}$/);
export const CONDITION = record({ after: COUNT, orders: list(UUID, 16), kinds: list(KIND, 32) });

const PAYLOAD = record(
  {
    v: oneOf(1),
    log: NAME,
    entry: HEX32,
    order: UUID,
    seq: whole(1),
    prev: orNull(HEX64),
    seen: orNull(record({ origin: NAME, size: COUNT, note: HEX64 })),
    kind: KIND,
    schema: whole(1),
    instrument: orNull(NAME),
    refs: list(NAME),
    signer: SIGNED_BY,
    speaks: oneOf(...vocabulary.speaks),
    on: INSTANT,
    on_source: oneOf(...vocabulary.on_source),
    signed_at: INSTANT,
    public: table(anything),
    sealed: list(NAME),
    documents: list(DOCUMENT),
  },
  {
    whose: NAME,
    replaces: HEX64,
    audience: table(list(NAME)),
    other: record({ origin: NAME, index: COUNT, leaf: HEX64, checkpoint_sha256: HEX64 }),
    unless: CONDITION,
  },
);

/**
 * Return a sealed entry after checking form, key id and signature: its members, `public` as a Map, `leaf`, the RFC 6962
 * leaf hash in hex, and `sd`, the digests of its sealed values. ENV-*, SIG-BAD, JSON-*, SD-COUNT, SD-NAME. With
 * `unsigned` the signature is not checked.
 */
export async function openEntry(raw, { unsigned = false } = {}) {
  const payload = PAYLOAD(await openBytes(raw, EVENT_TYPE, { unsigned }), 'payload');
  if (payload.audience?.size === 0) throw new Refused('JSON-MEMBER', ['member', 'payload.audience']);
  for (const names of payload.unless ? [payload.unless.orders, payload.unless.kinds] : []) {
    if (!names.length || !isSortedSet(names)) throw new Refused('JSON-MEMBER', ['member', 'payload.unless']);
  }
  checkVeils(payload);
  return { ...payload, leaf: hex(leafHash(raw)), sd: payload.public.get('_sd') ?? [] };
}

/** Check the form of an envelope without its signature: ENV-*. */
export async function checkEnvelope(raw) {
  try {
    await openBytes(raw, EVENT_TYPE, { form: true });
  } catch (wrong) {
    if (!(wrong instanceof Refused) || wrong.code.startsWith('ENV-')) throw wrong;
  }
}

function checkVeils(payload) {
  const { sealed } = payload;
  const digests = payload.public.get('_sd');
  if (digests === undefined) {
    if (sealed.length) throw new Refused('SD-COUNT', ['sealed-not-committed']);
    return;
  }
  const formed = Array.isArray(digests) && digests.every((d) => typeof d === 'string' && /^[\w-]{43}$/.test(d));
  if (!formed || !isSortedSet(digests) || digests.length !== sealed.length) {
    throw new Refused('SD-COUNT', ['sealed-count']);
  }
  if (!isSortedSet(sealed) || sealed.some((name) => payload.public.has(name))) {
    throw new Refused('SD-NAME', ['sealed-names']);
  }
}

export const isSortedSet = (texts) => texts.every((text, n) => n === 0 || byCodePoint(texts[n - 1], text) < 0);
