/** Digests of a file of any size, read in pieces: it is never in memory as a whole. */
import { hex } from './bytes.mjs';
import { blake2b, blake2s, md5, sha1, sha224, sha256, sha384 } from '../../libraries.mjs';
import { sha3_224, sha3_256, sha3_384, sha3_512, sha512 } from '../../libraries.mjs';

const PIECE = 4 * 2 ** 20; // bytes
const HASHES = { blake2b, blake2s, md5, sha1, sha224, sha256, sha384, sha512 };
Object.assign(HASHES, { sha3224: sha3_224, sha3256: sha3_256, sha3384: sha3_384, sha3512: sha3_512 });

const hashOf = (name) => HASHES[name.replaceAll(/[-_]/g, '')];

/** Return whether this page computes an algorithm, by its name such as sha3-512. */
export const isComputed = (name) => Object.hasOwn(HASHES, name.replaceAll(/[-_]/g, ''));

/** Return name -> hex of these algorithms. `onPiece` gets the bytes read so far, and may return a promise. */
export async function digestsOfFile(file, names, onPiece = () => {}) {
  const hashes = names.map((name) => [name, hashOf(name).create()]);
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
    for (const [, hash] of hashes) hash.update(piece);
    await onPiece(at + piece.length);
  }
  return new Map(hashes.map(([name, hash]) => [name, hex(hash.digest())]));
}
