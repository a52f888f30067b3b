/** Keys that sign: made by the browser, or read from a key file. No script can read them out again. */
import { b64url, encoded, hex } from '../check/formats/bytes.mjs';
import { enrolable } from '../check/formats/ed25519.mjs';
import { Refused } from '../check/errors.mjs';

/** Make a key: {key, public}, `key` a CryptoKey that cannot be exported, `public` the raw public key in hex. */
export async function makeKey() {
  let pair;
  try {
    pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  } catch {
    throw new Refused('SIGN-BROWSER', ['sign-browser']);
  }
  return { key: pair.privateKey, public: hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))) };
}

const PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32); // RFC 8410, section 7; then the seed

/** Return the key of a seed of 32 bytes and its raw public key, which must belong to it; KEY-FORMAT, SIGN-BROWSER. */
export async function keyOfSeed(seed, raw) {
  const document = new Uint8Array([...PKCS8, ...seed]);
  let key;
  try {
    key = await crypto.subtle.importKey('pkcs8', document, 'Ed25519', false, ['sign']);
  } catch {
    throw new Refused('SIGN-BROWSER', ['sign-browser']);
  } finally {
    document.fill(0);
    seed.fill(0);
  }
  if (!enrolable(raw) || !(await belongs(key, raw))) throw new Refused('KEY-FORMAT', ['key-file-pair']);
  return { key, public: hex(raw) };
}

async function belongs(key, raw) {
  const probe = encoded('comity.key-file/1\n');
  const verifier = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', verifier, await crypto.subtle.sign('Ed25519', key, probe), probe);
}

/** Return the function that signs bytes with a key. */
export const signer = (key) => async (bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, bytes));

/** Return the proof of possession of a key: its signature over log, account and key, in base64url. */
export const proofOf = async ({ key, public: raw }, log, account) =>
  b64url(await signer(key)(encoded(`comity.key-request/1\n${log}\n${account}\n${raw}\n`)));
