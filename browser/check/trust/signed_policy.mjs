/**
 * Trust policies that several people sign, in versions: each version names the keys that sign the next. They are parsed,
 * verified and expanded as in ledger/trust/signed_policy.py.
 */
import { byCodePoint, concat, encoded, hex, unb64, unhex, utf8 } from '../formats/bytes.mjs';
import { certificatesIn } from '../timestamps/certificate.mjs';
import { enrolable, verifySignature } from '../formats/ed25519.mjs';
import { parseJson } from '../formats/canonical_json.mjs';
import { MLDSA44 } from '../tlog/note.mjs';
import { parsePolicy } from '../tlog/policy.mjs';
import { Refused, about, placed } from '../errors.mjs';
import { sha256 } from '../../libraries.mjs';
import { INSTANT, list, record, secondsOf, whole, word } from '../shape.mjs';
import { parseTrust } from './trust_folder.mjs';

const FORMAT = 'comity.trust/1';
const POLICY_TYPE = 'application/vnd.comity.policy.v1+json';
const FILE = /^([1-9][0-9]{0,5})\.trust\.json$/;
const ALGORITHMS = ['ed25519', 'ml-dsa-44', 'rfc3161'];
const MAX_STATEMENT = 262_144; // bytes

const TEXT = word(/^/);
const NUMBER = whole(-Infinity);
const RECORD = record({ policy: TEXT }, { registrar: TEXT });
const STATEMENT = record(
  {
    format: TEXT,
    version: NUMBER,
    issued: INSTANT,
    expires: INSTANT,
    roots: list(record({ name: TEXT, key: TEXT })),
    threshold: NUMBER,
    algorithms: list(TEXT),
    own: RECORD,
  },
  { sizes: list(record({ key: TEXT, first: NUMBER }, { end: NUMBER })), others: list(RECORD), authorities: list(TEXT) },
);

/** Return true if the name of a file is that of a version. */
export const isVersion = (name) => FILE.test(name);

/**
 * Verify the signed versions of a trust folder, its files by path, and return the trust of the newest. The first one
 * must have the `fingerprint` (null for none). TRUST-FORMAT, JSON-*, POL-*, NO_TRUST_ANCHOR.
 */
export async function readVersions(files, fingerprint) {
  const versions = versionsIn(files);
  if (fingerprint === null) throw new Refused('NO_TRUST_ANCHOR', ['versions-unpinned'], 'fingerprint');
  const [first, ...later] = versions;
  if (!first) throw new Refused('TRUST-FORMAT', ['versions-none']);
  if (first.said.version !== 1) throw new Refused('POL-VERSION', ['versions-begin', first.said.version]);
  if (first.fingerprint !== fingerprint) throw new Refused('POL-PIN', ['versions-pin'], fileOf(first));
  await checkThreshold(first, first.said);
  let newest = first;
  for (const version of later) {
    if (version.said.version !== newest.said.version + 1) {
      throw new Refused('POL-VERSION', ['versions-gap', version.said.version, newest.said.version]);
    }
    await checkThreshold(version, newest.said);
    await checkThreshold(version, version.said);
    newest = version;
  }
  return expand(newest, files);
}

const fileOf = ({ said }) => `${said.version}.trust.json`;

/** Return the versions in a folder, lowest first; TRUST-FORMAT if a file states another version than its name. */
function versionsIn(files) {
  const numbered = [...files.keys()].filter(isVersion).sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
  return numbered.map((name) => {
    const version = about(name, () => parseVersion(files.get(name)));
    if (version.said.version !== parseInt(name, 10)) {
      throw new Refused('TRUST-FORMAT', ['version-named', version.said.version], name);
    }
    return version;
  });
}

/** Parse one version without verifying it: TRUST-FORMAT, JSON-*, POL-*. */
function parseVersion(raw) {
  const unfit = () => new Refused('TRUST-FORMAT', ['version-form']);
  if (raw.length > 2 * MAX_STATEMENT) throw unfit();
  let payload, signatures;
  try {
    const text = utf8(raw);
    const { payload: body, payloadType: type, signatures: signed } = JSON.parse(text);
    const line = { payload: body, payloadType: type, signatures: signed.map(({ keyid, sig }) => ({ keyid, sig })) };
    if (type !== POLICY_TYPE || JSON.stringify(line) !== text) throw unfit();
    payload = unb64(body);
    signatures = line.signatures.map(({ keyid, sig }) => ({ keyid, sig: unb64(sig) }));
  } catch {
    throw unfit();
  }
  const ids = signatures.map(({ keyid }) => keyid);
  if (ids.some((id, n) => typeof id !== 'string' || (n && byCodePoint(ids[n - 1], id) >= 0))) {
    throw new Refused('TRUST-FORMAT', ['version-signatures']);
  }
  return { said: statement(payload), payload, signatures, fingerprint: hex(sha256(payload)) };
}

function statement(payload) {
  const value = parseJson(payload, { maxBytes: MAX_STATEMENT });
  const unfit = () => new Refused('TRUST-FORMAT', ['version-statement', FORMAT]);
  let said;
  try {
    said = STATEMENT(value, 'version');
  } catch {
    throw unfit();
  }
  const spelt = [said.sizes, said.others, said.authorities].some((each) => each?.length === 0);
  if (spelt || said.format !== FORMAT || said.version < 1) throw unfit();
  if (secondsOf(said.issued) >= secondsOf(said.expires)) throw new Refused('TRUST-FORMAT', ['version-expired']);
  const whole = { sizes: [], others: [], authorities: [], ...defined(said) };
  checkRoots(whole);
  checkAlgorithms(whole);
  checkSizes(whole);
  [whole.own, ...whole.others].forEach(trustOf);
  return whole;
}

const defined = (said) => Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));

function checkRoots({ roots, threshold }) {
  const wrong = (...says) => new Refused('POL-ROOT', says);
  if (threshold < 1 || threshold > roots.length) throw wrong('roots-threshold', threshold, roots.length);
  const named = roots.every(({ name }) => /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(name));
  if (!named || new Set(roots.map(({ name }) => name)).size < roots.length) throw wrong('roots-names');
  if (new Set(roots.map(({ key }) => key)).size < roots.length) throw wrong('roots-twice');
  for (const { name, key } of roots) {
    if (!/^[0-9a-f]{64}$/.test(key) || !enrolable(unhex(key))) throw wrong('roots-point', name);
  }
}

/** Check that every algorithm is known, and that the policy uses only algorithms that it allows. */
function checkAlgorithms(said) {
  const wrong = (...says) => new Refused('POL-ALGORITHM', says);
  const { algorithms } = said;
  const unknown = algorithms.filter((each) => !ALGORITHMS.includes(each));
  if (unknown.length) throw wrong('algorithms-unknown', unknown.join(', '), ALGORITHMS.join(', '));
  if (algorithms.some((each, n) => n && algorithms[n - 1] >= each)) throw wrong('algorithms-sorted');
  const policies = [said.own, ...said.others].map(policyOf);
  const keys = policies.flatMap(({ logs, witnesses, auditors }) => [...logs, ...witnesses.values(), ...auditors.values()]);
  const used = ['ed25519'];
  if (keys.some(({ type }) => type === MLDSA44)) used.push('ml-dsa-44');
  if (said.authorities.length) used.push('rfc3161');
  const forbidden = used.filter((each) => !algorithms.includes(each));
  if (forbidden.length) throw wrong('algorithms-forbidden', forbidden.join(', '));
}

/** Check that sizes belong to keys of the logs of the policy; two keys of one log and one type share no size. */
function checkSizes({ own, sizes }) {
  const wrong = (...says) => new Refused('POL-SIZES', says);
  const logs = new Map(policyOf(own).logs.map((key) => [key.text, key]));
  const taken = new Map();
  for (const { key: text, first, end = Infinity } of sizes) {
    const key = logs.get(text);
    if (!key) throw wrong('sizes-stranger', text.slice(0, 60));
    if (first < 0 || first >= end) throw wrong('sizes-none', key.id);
    const whose = `${key.name} ${key.type}`;
    const others = taken.get(whose) ?? [];
    if (others.some((other) => first < other.end && other.first < end)) throw wrong('sizes-shared', key.name);
    taken.set(whose, [...others, { first, end }]);
  }
}

const policyOf = ({ policy }) => parsePolicy(encoded(policy));

const trustOf = ({ policy, registrar }) =>
  parseTrust(encoded(policy), registrar === undefined ? null : encoded(registrar));

/** POL-THRESHOLD unless enough roots of `by` signed; POL-SIG if a signature of one of them does not hold. */
async function checkThreshold(version, by) {
  const roots = new Map(by.roots.map(({ name, key }) => [hex(sha256(unhex(key))), { name, key: unhex(key) }]));
  const head = encoded(`DSSEv1 ${POLICY_TYPE.length} ${POLICY_TYPE} ${version.payload.length} `);
  const names = [];
  for (const { keyid, sig } of version.signatures) {
    const root = roots.get(keyid);
    if (!root) continue;
    if (!(await placed(fileOf(version), () => verifySignature(root.key, concat(head, version.payload), sig)))) {
      throw new Refused('POL-SIG', ['versions-signature', root.name, version.said.version], fileOf(version));
    }
    names.push(root.name);
  }
  if (names.length < by.threshold) {
    throw new Refused('POL-THRESHOLD', ['versions-threshold', names.length, by.version, by.threshold], fileOf(version));
  }
}

/** Return the trust that a verified version states. POL-CERTIFICATE if a certificate that it names is absent. */
function expand({ said }, files) {
  const certificates = [...files].filter(([path]) => path.startsWith('tsa/')).map(([, file]) => [hex(sha256(file)), file]);
  const here = new Map(certificates);
  const missing = said.authorities.find((digest) => !here.has(digest));
  if (missing) throw new Refused('POL-CERTIFICATE', ['versions-certificate', missing.slice(0, 16)], 'tsa/');
  return {
    ...trustOf(said.own),
    authorities: said.authorities.flatMap((digest) => certificatesIn(here.get(digest))),
    others: said.others.map(trustOf),
    sizes: new Map(said.sizes.map(({ key, first, end = Infinity }) => [key, { first, end }])),
    until: secondsOf(said.expires),
  };
}

// -- typed fingerprints -----------------------------------------------------------------------------------------------

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';

/** Parse a typed fingerprint, hex or words (proquints, arXiv 0901.4016), and return hex; TRUST-FORMAT. */
export function parseFingerprint(text) {
  const typed = text.replace(/[\s-]+/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(typed)) return typed;
  const syllable = `[${CONSONANTS}][${VOWELS}]`;
  if (!new RegExp(`^(?:${syllable}${syllable}[${CONSONANTS}]){16}$`).test(typed)) {
    throw new Refused('TRUST-FORMAT', ['fingerprint-form'], 'fingerprint');
  }
  return typed
    .match(/.{5}/g)
    .map((letters) => numberOf(letters).toString(16).padStart(4, '0'))
    .join('');
}

/** Return a digest in hex as sixteen words of five letters, as `parseFingerprint` reads them. */
export const wordsOf = (digest) => digest.match(/.{4}/g).map(wordOf).join('-');

/** Encode sixteen bits, in hex, as five letters. */
function wordOf(digits) {
  const bits = parseInt(digits, 16);
  const letters = [CONSONANTS[bits >> 12], VOWELS[(bits >> 10) & 3], CONSONANTS[(bits >> 6) & 15], VOWELS[(bits >> 4) & 3]];
  return [...letters, CONSONANTS[bits & 15]].join('');
}

/**
 * Return the fingerprint of a folder without versions, in hex: the digest of the list of its files with their digests, as
 * `sha256sum` writes it, sorted by name (ledger/trust/trust_folder.py).
 */
export function fingerprintOf(files) {
  const names = [...files.keys()].filter((name) => !isVersion(name)).sort(byCodePoint);
  return hex(sha256(encoded(names.map((name) => `${hex(sha256(files.get(name)))}  ${name}\n`).join(''))));
}

/** Decode five letters as sixteen bits: 4, 2, 4, 2, 4. */
const numberOf = (letters) =>
  [...letters].reduce((sum, letter, n) => (n % 2 ? sum * 4 + VOWELS.indexOf(letter) : sum * 16 + CONSONANTS.indexOf(letter)), 0);
