/**
 * Read signed notes: verifier keys, notes, checkpoints, cosignatures, as in ledger/tlog/note.py.
 *
 * Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
 */
import { b64, concat, decimal, encoded, equal, hex, latin1, unb64, unhex, utf8 } from '../formats/bytes.mjs';
import { verifySignature } from '../formats/ed25519.mjs';
import { Refused } from '../errors.mjs';
import { ml_dsa44, sha256 } from '../../libraries.mjs';

export const [ED25519, COSIGNATURE, MLDSA44] = [0x01, 0x04, 0x06]; // types of signature; the last two carry a time
const PUBLIC_SIZE = { [ED25519]: 32, [COSIGNATURE]: 32, [MLDSA44]: 1312 };
const SIGNATURE_SIZE = { [ED25519]: 64, [COSIGNATURE]: 8 + 64, [MLDSA44]: 8 + 2420 };

const MOST_LINES = 16;
const LARGEST_NOTE = 65_536; // bytes
const DASH = '\u2014 ';
// without plus, white space as Unicode has it, control characters below U+0020, surrogates
const NAME = /^[^+\0-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+$/u;
const CONTROL = /[\0-\t\v-\x1f]/;
const VKEY = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/;
const ORIGIN = /^[!-*,-~]{1,255}$/; // printable ASCII, no space, no plus
const EMPTY_ROOT = sha256(new Uint8Array());

/** A key with its name: `id` is `name+keyid`, `text` is its vkey. CP-KEY. */
function keyOf(name, type, bytes) {
  if (!NAME.test(name)) throw new Refused('CP-KEY', ['key-name'], name);
  if (PUBLIC_SIZE[type] !== bytes.length) throw new Refused('CP-KEY', ['key-type', bytes.length, type], name);
  const id = `${name}+${hex(sha256(concat(encoded(name), [10, type], bytes)).subarray(0, 4))}`;
  return { name, type, bytes, id, text: `${id}+${b64(concat([type], bytes))}`, mark: latin1(bytes) };
}

/** Parse a vkey; CP-KEY unless it is well formed and its id belongs to its key. */
export function parseVkey(text) {
  const found = VKEY.exec(text);
  if (!found) throw new Refused('CP-KEY', ['vkey-form'], text);
  const [, name, id, key] = found;
  let raw;
  try {
    raw = unb64(key);
  } catch {
    throw new Refused('CP-KEY', ['vkey-base64'], name);
  }
  const made = keyOf(name, raw[0], raw.subarray(1));
  if (made.id !== `${name}+${id}`) throw new Refused('CP-KEY', ['vkey-id', made.id], name);
  return made;
}

/** Parse the text of a checkpoint: origin, size (BigInt), root. CP-FORMAT, CP-ORIGIN. */
export function parseCheckpoint(body) {
  const lines = body.split('\n');
  const [origin, digits, text] = lines;
  if (lines.length !== 4 || lines[3] || !origin) throw new Refused('CP-FORMAT', ['checkpoint-lines']);
  checkForeignOrigin(origin);
  let size, root;
  try {
    [size, root] = [decimal(digits), unb64(text)];
  } catch {
    throw new Refused('CP-FORMAT', ['checkpoint-form'], origin);
  }
  if (root.length !== 32 || (size === 0n) !== equal(root, EMPTY_ROOT)) {
    throw new Refused('CP-FORMAT', ['checkpoint-root', size], origin);
  }
  return { origin, size, root };
}

/** Check that a log of others may have this origin: printable ASCII without space and plus. CP-ORIGIN. */
export function checkForeignOrigin(origin) {
  if (!ORIGIN.test(origin)) throw new Refused('CP-ORIGIN', ['checkpoint-origin'], origin);
}

/** Return the name under which a note is stored and cited: the hex SHA-256 of its bytes. */
export const noteDigest = (note) => hex(sha256(note));

/** Split a note into text and signature lines; CP-FORMAT unless it has the strict form. */
export function split(note) {
  if (note.length > LARGEST_NOTE) throw new Refused('CP-FORMAT', ['note-size', LARGEST_NOTE]);
  let whole;
  try {
    whole = utf8(note);
  } catch {
    throw new Refused('CP-FORMAT', ['note-utf8']);
  }
  if (CONTROL.test(whole)) throw new Refused('CP-FORMAT', ['note-control']);
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || blank + 2 === whole.length || !whole.endsWith('\n')) throw new Refused('CP-FORMAT', ['note-parts']);
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (lines.length > MOST_LINES) throw new Refused('CP-FORMAT', ['note-lines', lines.length, MOST_LINES]);
  return { text: whole.slice(0, blank + 1), lines: lines.map(parseLine) };
}

function parseLine(line) {
  const space = line.indexOf(' ', DASH.length);
  const name = space < 0 ? line.slice(DASH.length) : line.slice(DASH.length, space);
  if (!line.startsWith(DASH) || !NAME.test(name)) throw new Refused('CP-FORMAT', ['line-form']);
  let raw;
  try {
    raw = unb64(space < 0 ? '' : line.slice(space + 1));
  } catch {
    throw new Refused('CP-FORMAT', ['line-base64'], name);
  }
  if (raw.length < 5) throw new Refused('CP-FORMAT', ['line-short'], name);
  return { id: `${name}+${hex(raw.subarray(0, 4))}`, signature: raw.subarray(4) };
}

/**
 * Open a note with trusted keys: it must have a line of a known key, and every such line must hold. Returns its text,
 * its lines, and the time by key (null for type 0x01). CP-FORMAT, CP-KEY, CP-SIG.
 */
export async function openNote(note, keys) {
  const { text, lines } = split(note);
  const known = byId(keys);
  return { text, lines, times: await holding(text, lines, known) };
}

/**
 * Open a checkpoint of the log `origin`, signed by `logKey`, with its cosignatures of `witnesses`. `logKey` is an array
 * for a log that has several keys: one of them must have signed, and every line of one must hold; `signers` are the
 * keys that did. The time in a line of type 0x06 of the log is no cosignature.
 *
 * CP-FORMAT, CP-ORIGIN, CP-KEY, CP-SIG, in this order. A cosignature is [key, seconds since 1970]; without a time it
 * does not count.
 */
export async function openCheckpoint(note, origin, logKey, witnesses) {
  const logs = [logKey].flat();
  const { text, lines } = split(note);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== origin || logs.some((key) => key.name !== origin)) {
    throw new Refused('CP-ORIGIN', ['checkpoint-other', checkpoint.origin, logs[0].name], origin);
  }
  if (logs.some((key) => key.type === COSIGNATURE) || witnesses.some((key) => key.type === ED25519))
    throw new Refused('CP-KEY', ['key-job']);
  const times = await holding(text, lines, byId([...logs, ...witnesses]));
  const signers = logs.filter((key) => times.has(key));
  if (!signers.length) throw new Refused('CP-SIG', ['log-line-missing'], logs[0].id);
  if (!lines[0].id.startsWith(`${origin}+`)) throw new Refused('CP-FORMAT', ['log-line-first'], origin);
  const cosignatures = [...times].filter(([key, time]) => time && witnesses.includes(key));
  return { checkpoint, note, signers, cosignatures, lines: lines.length };
}

/** Return the keys with a line in a note, in the order of the lines, without verifying them. CP-FORMAT. */
export function keysIn(note, keys) {
  const known = byId(keys);
  return split(note).lines.map(({ id }) => known.get(id)).filter((key) => key);
}

/** Return the keys by the id in a line; CP-KEY if two keys have one id. */
export function byId(keys) {
  const known = new Map(keys.map((key) => [key.id, key]));
  if (known.size < keys.length || new Set(keys.map(({ mark }) => mark)).size < keys.length) {
    throw new Refused('CP-KEY', ['keys-alike'], keys.map((key) => key.id).join(', '));
  }
  return known;
}

/** Return the known keys whose lines hold, in order, each with the time of its last line. */
async function holding(text, lines, known) {
  const times = new Map();
  for (const { id, signature } of lines) {
    const key = known.get(id);
    if (!key) continue;
    if (signature.length !== SIGNATURE_SIZE[key.type]) {
      throw new Refused('CP-SIG', ['line-size', signature.length], key.id);
    }
    const timed = key.type !== ED25519;
    const time = timed ? BigInt(`0x${hex(signature.subarray(0, 8))}`) : null;
    if (!(await holds(key, text, time, timed ? signature.subarray(8) : signature))) {
      throw new Refused('CP-SIG', ['line-bad'], key.id);
    }
    times.set(key, timed ? Number(time) : null);
  }
  if (!times.size) throw new Refused('CP-SIG', ['line-none'], lines.map(({ id }) => id).join(', '));
  return times;
}

async function holds(key, text, time, signature) {
  if (time === null) return verifySignature(key.bytes, encoded(text), signature);
  if (time >= 1n << 63n) return false; // c2sp.org/tlog-cosignature: MUST NOT exceed 2^63 - 1
  if (key.type === MLDSA44) {
    const { origin, size, root } = parseCheckpoint(text);
    const message = subtreeMessage(key.name, time, { origin, start: 0n, end: size, root });
    return ml_dsa44.verify(signature, message, key.bytes);
  }
  return verifySignature(key.bytes, encoded(`cosignature/v1\ntime ${time}\n${text}`), signature);
}

/** Return what an ML-DSA-44 cosigner signs for a subtree; a whole tree starts at 0 (c2sp.org/tlog-cosignature). */
export function subtreeMessage(name, time, { origin, start, end, root }) {
  const [who, log] = [encoded(name), encoded(origin)];
  if (who.length > 255) throw new Refused('CP-KEY', ['mldsa-name'], name);
  const begin = encoded('subtree/v1\n\0');
  return concat(begin, [who.length], who, eight(time), [log.length], log, eight(start), eight(end), root);
}

/** Return a number as eight bytes, big-endian. */
const eight = (number) => unhex(number.toString(16).padStart(16, '0'));
