/**
 * Read the key files that `comity key new` and `ssh-keygen -t ed25519` write: OpenSSH private keys (PROTOCOL.key of
 * OpenSSH), with or without a passphrase.
 */
import { equal, latin1, unb64, utf8 } from '../check/formats/bytes.mjs';
import { Refused } from '../check/errors.mjs';
import { bcryptPbkdf } from '../libraries.mjs';
import { keyOfSeed } from './keys.mjs';

const LARGEST = 16_384; // bytes of a key file
const MAGIC = 'openssh-key-v1\0';
const TYPE = 'ssh-ed25519';
const MOST_ROUNDS = 256; // of bcrypt: OpenSSH writes 16 or 24
const CIPHER = 'aes256-ctr';

/**
 * Return the key in a file, {key, public}. KEY-FORMAT, and KEY-LOCKED if a passphrase (a text) is needed or does not open
 * the file.
 */
export async function readKeyFile(bytes, passphrase = '') {
  const file = new Fields(armoured(bytes));
  file.literal(MAGIC);
  const [cipher, kdf, options] = [file.text(), file.text(), file.string()];
  if (file.number() !== 1) throw unread();
  file.string(); // the public key, which the private part has too
  const part = await opened(file.string(), cipher, kdf, options, passphrase);
  const inner = new Fields(part, cipher === 'none' ? unread : locked);
  if (inner.number() !== inner.number()) throw inner.wrong();
  if (inner.text() !== TYPE) throw unread();
  const [raw, pair] = [inner.string().slice(), inner.string()];
  if (raw.length !== 32 || pair.length !== 64 || !equal(raw, pair.subarray(32))) throw unread();
  const seed = pair.slice(0, 32);
  part.fill(0);
  return keyOfSeed(seed, raw);
}

/** Return the bytes between the two lines of the armour. */
function armoured(bytes) {
  try {
    const found = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)-----END OPENSSH PRIVATE KEY-----\n*$/.exec(
      utf8(bytes.subarray(0, LARGEST + 1)).replaceAll('\r', ''),
    );
    return unb64(found[1].replaceAll('\n', ''));
  } catch {
    throw unread();
  }
}

/** Return the private part of a key file: a copy of its bytes, decrypted. */
async function opened(part, cipher, kdf, options, passphrase) {
  if (cipher === 'none' && kdf === 'none') return part.slice();
  if (cipher !== CIPHER || kdf !== 'bcrypt') throw new Refused('KEY-FORMAT', ['key-file-cipher', cipher.slice(0, 40), CIPHER]);
  if (!passphrase) throw locked();
  const given = new Fields(options);
  const [salt, rounds] = [given.string(), given.number()];
  if (!salt.length || rounds < 1 || rounds > MOST_ROUNDS) throw unread();
  const [secret, made] = [new TextEncoder().encode(passphrase), new Uint8Array(48)];
  bcryptPbkdf(secret, secret.length, salt, salt.length, made, made.length, rounds);
  const key = await crypto.subtle.importKey('raw', made.subarray(0, 32), 'AES-CTR', false, ['decrypt']);
  const plain = await crypto.subtle.decrypt({ name: 'AES-CTR', counter: made.subarray(32), length: 128 }, key, part);
  made.fill(0);
  return new Uint8Array(plain);
}

/** The fields of OpenSSH's format, one after the other: numbers of four bytes, and strings with their length before. */
class Fields {
  constructor(bytes, wrong = unread) {
    this.bytes = bytes;
    this.wrong = wrong;
    this.at = 0;
  }

  take(size) {
    if (size > this.bytes.length - this.at) throw this.wrong();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  number() {
    return this.take(4).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  string() {
    return this.take(this.number());
  }

  text() {
    return latin1(this.string());
  }

  literal(text) {
    if (latin1(this.take(text.length)) !== text) throw this.wrong();
  }
}

const unread = () => new Refused('KEY-FORMAT', ['key-file-form']);
const locked = () => new Refused('KEY-LOCKED', ['key-file-locked']);
