/**
 * Where everything lies in an evidence bundle: names, their order, and what each means, as in ledger/bundle/layout.py.
 */
import { bySize, encoded, hex, latin1 } from './bytes.mjs';
import { Refused } from './refusal.mjs';
import { sha256 } from './sha256.mjs';
import { readZip } from './zip.mjs';

const MEDIA_TYPE = 'application/vnd.comity.evidence-bundle.v1+zip';
export const [MIMETYPE, README, SUMS, MANIFEST, POLICY] = [
  'mimetype',
  'READ-ME-FIRST.html',
  'SHA256SUMS',
  'manifest.dsse.json',
  'policy',
];
const TOP = [MIMETYPE, README, SUMS, MANIFEST, 'policy.dsse.json', POLICY, 'logs', 'foreign', 'documents', 'views'];

const NUMBER = '(?:0|[1-9][0-9]{0,15})';
const HEX = '[0-9a-f]{64}';
const IN_LOG = new RegExp(
  `^(?:checkpoint|heads/(?<head>${HEX})|consistency/(?<m>${NUMBER})-(?<n>${NUMBER})` +
    `|entries/(?<entry>${NUMBER})\\.(?<part>dsse\\.json|tlog-proof)|disclosures/(?<opens>${NUMBER})\\.txt` +
    '|(?<token>(?:[a-zA-Z0-9._-]+/)?[a-zA-Z0-9._-]+\\.tsr|tsa/.+))$',
);
const BESIDE = new RegExp(`^(?:documents/(?<document>${HEX})|foreign/(?<foreign>${HEX}(?:\\.tlog-proof|\\.txt)?))$`);

/** The folder of a log in the archive. */
export const folderOf = (origin) => `logs/${hex(sha256(encoded(origin)))}`;

/** The files of a bundle, path -> bytes, in the order of the archive; nothing but the container is checked. BND-ZIP. */
export function unpack(data) {
  const files = readZip(data);
  const paths = [...files.keys()];
  if (paths[0] !== MIMETYPE || latin1(files.get(MIMETYPE)) !== MEDIA_TYPE) {
    throw new Refused('BND-ZIP', ['zip-mimetype', MEDIA_TYPE], MIMETYPE);
  }
  [...paths].sort(byPlace).forEach((belongs, n) => {
    if (paths[n] !== belongs) throw new Refused('BND-ZIP', ['zip-order', belongs], paths[n]);
  });
  return files;
}

const rank = (path) => (TOP.indexOf(path.split('/')[0]) + TOP.length + 1) % (TOP.length + 1);
const byPlace = (a, b) => rank(a) - rank(b) || bySize(a, b);

/** SHA256SUMS over every other file, in the order of the archive; `digests` are theirs in hex. */
export const sumsOf = (digests) =>
  [...digests].map(([path, digest]) => (path === SUMS ? '' : `${digest}  ${path}\n`)).join('');

/**
 * The files of one log's bundle by what they are, nothing of it checked yet: entries, proofs and disclosures by log
 * index (BigInt), heads by the digest that names them, consistency proofs by `m-n`. BND-MANIFEST for a name that the
 * layout does not have, or what it cannot lack.
 */
export function arrange(files, origin) {
  const found = { checkpoint: null };
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
    else if (!TOP.includes(path) && !path.startsWith('views/')) {
      throw new Refused('BND-MANIFEST', ['no-such-file', origin], path);
    }
  }
  for (const path of [MIMETYPE, README, SUMS, MANIFEST, POLICY, `${here}checkpoint`]) {
    if (!files.has(path)) throw new Refused('BND-MANIFEST', ['bundle-none'], path);
  }
  found.entries = new Map([...found.entries].sort(([a], [b]) => bySize(a, b)));
  return found;
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
