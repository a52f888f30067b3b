/** A worker of the desk: compute the digests of a file. The file is read in pieces and never leaves the browser. */
import { createSHA256, createSHA512 } from '../libraries.mjs';

const PIECE = 8 * 2 ** 20; // bytes
const EVERY = 100; // milliseconds between two messages on progress

/** Answer a file with `{read}`, in bytes, again and again, then with `{sha256, sha512}` in hex, or with `{failed}`. */
addEventListener('message', async ({ data: file }) => {
  try {
    postMessage(await digests(file));
  } catch (error) {
    postMessage({ failed: error.name });
  }
});

/** Return the digests of a file. The next piece is read while one is hashed. */
async function digests(file) {
  const [sha256, sha512] = (await Promise.all([createSHA256(), createSHA512()])).map((hash) => hash.init());
  const read = (at) => file.slice(at, at + PIECE).arrayBuffer();
  let next = read(0);
  let said = Date.now();
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await next);
    next = read(at + PIECE);
    sha256.update(piece);
    sha512.update(piece);
    if (Date.now() - said < EVERY) continue;
    said = Date.now();
    postMessage({ read: at + piece.length });
  }
  return { sha256: sha256.digest(), sha512: sha512.digest() };
}
