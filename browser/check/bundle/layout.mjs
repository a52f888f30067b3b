/**
 * The layout of an evidence bundle: names of files, their order and their meaning, as in ledger/bundle/layout.py.
 */
import { bySize, encoded, hex, latin1 } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';
import { reread } from './repacked.mjs';
import { sha256 } from '../../libraries.mjs';
import { readZip } from './zip_profile.mjs';

const VERSION = 2; // of the layout, the newest that this page reads
const mediaType = (version) => `application/vnd.comity.evidence-bundle.v${version}+zip`;
const MEDIA_TYPES = [1, VERSION].map(mediaType);
const NEWER = /^mimetypeapplication\/vnd\.comity\.evidence-bundle\.v([1-9][0-9]{0,3})\+zip/;
const CLAIMED = /^application\/vnd\.comity\.evidence-bundle\.v([1-9][0-9]{0,3})\+zip$/;
const LOCAL_HEADER = 30; // bytes of a ZIP local file header before the name (APPNOTE 4.3.7)
export const [MIMETYPE, README, SUMS, MANIFEST, POLICY] = [
  'mimetype',
  'READ-ME-FIRST.html',
  'SHA256SUMS',
  'manifest.dsse.json',
  'policy',
];
const SIGNED_POLICY = 'policy.dsse.json';
const PLAIN = [MIMETYPE, README, SUMS, MANIFEST, SIGNED_POLICY, POLICY];
const TOP = [...PLAIN, 'logs', 'foreign', 'documents', 'views', 'others', 'map'];

const NUMBER = '(?:0|[1-9][0-9]{0,15})';
const HEX = '[0-9a-f]{64}';
const IN_LOG = new RegExp(
  `^(?:checkpoint|heads/(?<head>${HEX})|consistency/(?<m>${NUMBER})-(?<n>${NUMBER})` +
    `|entries/(?<entry>${NUMBER})\\.(?<part>dsse\\.json|tlog-proof)|disclosures/(?<opens>${NUMBER})\\.txt` +
    '|(?<token>(?:[a-zA-Z0-9._-]+/)?[a-zA-Z0-9._-]+\\.tsr|tsa/.+))$',
);
const IN_OTHERS = new RegExp(`^others/(?<log>${HEX})/entries/(?<entry>${NUMBER})\\.(?<part>dsse\\.json|tlog-proof)$`);
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const IN_MAP = new RegExp(
  `^map/(?:(?<commit>heads-committed)\\.(?<part>dsse\\.json|tlog-proof)|(?<order>${UUID})\\.mptproof` +
    `|audits/(?<audit>${HEX}\\.(?:statement|note|proof))` +
    '|[a-zA-Z0-9._-]{1,200}(?:/[a-zA-Z0-9._-]{1,200})?)$',
);
export const [COMMIT, MAP] = ['map/heads-committed', 'map'];
const BESIDE = new RegExp(`^(?:documents/(?<document>${HEX})|foreign/(?<foreign>${HEX}(?:\\.tlog-proof|\\.txt)?))$`);

/** Return the folder of a log in the archive. */
export const folderOf = (origin) => `logs/${hex(sha256(encoded(origin)))}`;

/** BND-VERSION for a bundle of a later layout, which this page cannot judge. */
export function checkVersion(data) {
  if (latin1(data.subarray(0, 4)) !== 'PK\x03\x04') return;
  checkClaimed(NEWER.exec(latin1(data.subarray(LOCAL_HEADER, LOCAL_HEADER + 100))));
}

function checkClaimed(match) {
  const version = Number(match?.[1] ?? 0);
  if (version > VERSION) throw new Refused('BND-VERSION', ['newer-version', version, VERSION]);
}

/** Return true if the first file names the same version of the layout as the manifest. */
export const isOfVersion = (files, version) => latin1(files.get(MIMETYPE)) === mediaType(version);

/**
 * Return the files of a bundle, path -> bytes, in the order of the layout, and whether the archive has the strict form.
 * Only the container is checked. BND-ZIP, BND-VERSION.
 */
export async function unpacked(data) {
  try {
    return [strictly(data), true];
  } catch (wrong) {
    const files = wrong instanceof Refused && data instanceof Uint8Array ? await reread(data, MANIFEST) : null;
    if (!files?.has(MIMETYPE)) throw wrong;
    const claimed = latin1(files.get(MIMETYPE));
    checkClaimed(CLAIMED.exec(claimed));
    if (!MEDIA_TYPES.includes(claimed)) throw wrong;
    return [new Map([...files].sort(([one], [other]) => byPlace(one, other))), false];
  }
}

function strictly(data) {
  const files = readZip(data);
  const paths = [...files.keys()];
  if (paths[0] !== MIMETYPE || !MEDIA_TYPES.includes(latin1(files.get(MIMETYPE)))) {
    throw new Refused('BND-ZIP', ['zip-mimetype', MEDIA_TYPES.join(' / ')], MIMETYPE);
  }
  [...paths].sort(byPlace).forEach((belongs, n) => {
    if (paths[n] !== belongs) throw new Refused('BND-ZIP', ['zip-order', belongs], paths[n]);
  });
  return files;
}

const rank = (path) => (TOP.indexOf(path.split('/')[0]) + TOP.length + 1) % (TOP.length + 1);
const byPlace = (a, b) => rank(a) - rank(b) || bySize(a, b);

/** Return SHA256SUMS over the other files, in the order of the archive; `digests` are in hex. */
export const sumsOf = (digests) =>
  [...digests].map(([path, digest]) => (path === SUMS ? '' : `${digest}  ${path}\n`)).join('');

/**
 * Sort the files of a bundle by their meaning, without checking their content: entries, proofs and disclosures by log
 * index (BigInt), heads by the digest in their name, consistency proofs by `m-n`. BND-MANIFEST for a name that the
 * layout does not have, or a required file that is absent. `others` has the register entries of other logs as {raw,
 * proof}, by the origin hash of their log and by log index there. `commit` is the entry that commits heads, as {raw, proof},
 * and `mapProofs` are the proofs of heads by order id; `audits` has the files of auditors' statements by name, and
 * `unread` the paths of files that this version does not read.
 */
export function arrange(files, origin, version) {
  const found = { checkpoint: null, others: new Map(), commit: {}, mapProofs: new Map(), audits: new Map(), unread: [] };
  for (const kind of ['heads', 'consistency', 'tokens', 'entries', 'proofs', 'disclosures', 'foreign', 'documents']) {
    found[kind] = new Map();
  }
  const here = `${folderOf(origin)}/`;
  for (const [path, content] of files) {
    const name = path.startsWith(here) ? IN_LOG.exec(path.slice(here.length)) : null;
    const beside = BESIDE.exec(path)?.groups;
    if (name) place(found, name, content);
    else if (beside)
      (beside.document ? found.documents : found.foreign).set(beside.document ?? beside.foreign, content);
    else if (version > 1 && IN_OTHERS.test(path)) placeOther(found.others, IN_OTHERS.exec(path).groups, content);
    else if (version > 1 && IN_MAP.test(path)) placeInMap(found, path, content);
    else if (!PLAIN.includes(path) && !path.startsWith('views/')) {
      throw new Refused('BND-MANIFEST', ['no-such-file', origin], path);
    } else if (path === SIGNED_POLICY) found.unread.push(path);
  }
  for (const path of [MIMETYPE, README, SUMS, MANIFEST, POLICY, `${here}checkpoint`]) {
    if (!files.has(path)) throw new Refused('BND-MANIFEST', ['bundle-none'], path);
  }
  found.entries = new Map([...found.entries].sort(([a], [b]) => bySize(a, b)));
  return found;
}

const EMPTY = new Uint8Array();

function placeOther(others, { log, entry, part }, content) {
  if (!others.has(log)) others.set(log, new Map());
  const register = others.get(log);
  const there = register.get(BigInt(entry)) ?? { raw: EMPTY, proof: EMPTY };
  register.set(BigInt(entry), { ...there, [part === 'dsse.json' ? 'raw' : 'proof']: content });
}

function placeInMap(found, path, content) {
  const { commit, part, order, audit } = IN_MAP.exec(path).groups;
  if (commit) found.commit[part === 'dsse.json' ? 'raw' : 'proof'] = content;
  else if (order) found.mapProofs.set(order, content);
  else if (audit) found.audits.set(audit, content);
  else found.unread.push(path);
}

function place(found, name, content) {
  const { head, m, n, entry, part, opens, token } = name.groups;
  if (head) found.heads.set(head, content);
  else if (m) found.consistency.set(`${m}-${n}`, content);
  else if (entry) (part === 'dsse.json' ? found.entries : found.proofs).set(BigInt(entry), content);
  else if (opens) found.disclosures.set(BigInt(opens), content);
  else if (token) found.tokens.set(token, content);
  else found.checkpoint = content;
}
