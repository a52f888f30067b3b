/** The manifest: the signed list of the files of a bundle and the claims of its maker (ledger/bundle/manifest.py). */
import { MANIFEST, SUMS } from './layout.mjs';
import { MANIFEST_TYPE, openBytes } from '../entries/envelope.mjs';
import { Refused } from '../errors.mjs';
import { COUNT, HEX64, INSTANT, NAME, SIGNED_BY, UUID, list, oneOf, record, table, truth, word } from '../shape.mjs';

const MAX_BYTES = 8 * 2 ** 20;
const MAX_NODES = 100_000;
const ORDER = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const SHAPE = record(
  {
    log: NAME,
    order: UUID,
    audience: NAME,
    purpose: NAME,
    legal_basis: list(NAME),
    made_at: INSTANT,
    tool: NAME,
    rules: HEX64,
    test: truth,
    heads: table(record({ seq: COUNT, leaf: HEX64 })),
    withheld: list(record({ index: COUNT, field: NAME, why: oneOf('audience', 'erased', 'not-held') })),
    withheld_count: COUNT,
    files: list(record({ path: word(/^[^]{1,600}$/u), size: COUNT, sha256: HEX64 })),
    signer: SIGNED_BY,
  },
  { v: oneOf(1, 2) },
);

/** Return the manifest of a bundle after checking its signature under the key it names; BND-MANIFEST. */
export async function openManifest(raw) {
  try {
    const options = { maxBytes: MAX_BYTES, maxNodes: MAX_NODES, also: ORDER };
    return { v: 2, ...SHAPE(await openBytes(raw, MANIFEST_TYPE, options), 'manifest') };
  } catch (wrong) {
    if (!(wrong instanceof Refused) || wrong.code === 'SIG-DISAGREE') throw wrong;
    throw new Refused('BND-MANIFEST', ['manifest-wrong', wrong.code, wrong.says], MANIFEST);
  }
}

/**
 * BND-MANIFEST unless the manifest lists exactly the files of the bundle, in order, with size and digest.
 *
 * `digests` has the SHA-256 of every file in hex.
 */
export function checkListing(manifest, files, digests) {
  const wrong = (path, ...says) => new Refused('BND-MANIFEST', says, path);
  const listed = new Set();
  for (const { path } of manifest.files) {
    if (listed.has(path)) throw wrong(path, 'listed-twice');
    listed.add(path);
  }
  const here = [...files.keys()].filter((path) => path !== MANIFEST && path !== SUMS);
  for (const path of here) if (!listed.has(path)) throw wrong(path, 'not-listed');
  for (const { path, size, sha256 } of manifest.files) {
    const content = files.get(path);
    if (!content || path === MANIFEST || path === SUMS) throw wrong(path, 'not-there');
    if (content.length !== size) throw wrong(path, 'another-size', content.length, size);
    if (digests.get(path) !== sha256) throw wrong(path, 'another-digest', digests.get(path), sha256);
  }
  if (manifest.files.some(({ path }, n) => path !== here[n])) throw wrong(MANIFEST, 'list-order');
}
