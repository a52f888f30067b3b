/** Read what the verifier has from outside: a trust folder, or a checkpoint (ledger/trust/trust_folder.py). */
import { latin1 } from '../formats/bytes.mjs';
import { certificatesIn } from '../timestamps/certificate.mjs';
import { parseCheckpoint } from '../tlog/note.mjs';
import { parsePolicy } from '../tlog/policy.mjs';
import { Refused, about } from '../errors.mjs';

const REGISTRAR = /^([a-z0-9_.-]{1,200}) ([A-Z][A-Z0-9-]{1,31}) ([0-9a-f]{64})\n?$/;
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');

/**
 * Parse the trust from the bytes of `policy`, of `registrar` unless null, and of the certificate files of time-stamp
 * authorities. POL-*, TRUST-FORMAT.
 */
export const parseTrust = (policy, registrar, authorities = []) => ({
  policy: parsePolicy(policy),
  raw: policy,
  registrar: registrar && parseRegistrar(registrar),
  authorities: authorities.flatMap(certificatesIn),
});

/** Return true if a key of the log may sign a tree of this size, as far as the trust gives sizes. */
export function signsSize({ sizes }, { text }, size) {
  const span = sizes?.get(text);
  return !span || (size >= span.first && size < span.end);
}

export const AUTHORITIES = 'tsa/authorities.pem'; // the name of certificates that came without a file
const TSA = /^tsa\/.*\.(?:pem|crt|cer|der)$/;
const OTHER = /^others\/([^/]*)\/(.*)$/;

/**
 * Parse a trust folder, its files by path: `policy`, `registrar`, certificates of time-stamp authorities in `tsa/`, and
 * in `others/` a folder for each party whose entries are wrapped in the record. POL-*, TRUST-FORMAT.
 */
export function readTrust(files) {
  if (!files.has('policy')) throw new Refused('TRUST-FORMAT', ['no-policy'], 'policy');
  const folders = new Map();
  for (const path of [...files.keys()].sort()) {
    const [, name, file] = OTHER.exec(path) ?? [];
    if (name === undefined) continue;
    if (!folders.has(name)) folders.set(name, new Map());
    folders.get(name).set(file, files.get(path));
  }
  const others = [...folders].map(([name, inside]) => about(`others/${name}`, () => readTrust(inside)));
  const authorities = [...files.keys()].filter((path) => TSA.test(path)).sort();
  const certificates = authorities.map((path) => files.get(path));
  return { ...parseTrust(files.get('policy'), files.get('registrar') ?? null, certificates), others };
}

/** Parse the line that names the registrar: actor, Party, key in hex. TRUST-FORMAT. */
export function parseRegistrar(line) {
  const found = REGISTRAR.exec(latin1(line));
  if (!found) throw new Refused('TRUST-FORMAT', ['registrar-line'], 'registrar');
  return { actor: found[1], party: found[2], key: found[3] };
}

/**
 * Parse a checkpoint from an independent source: a whole note, or its three lines as typed from paper.
 *
 * Signature lines are not verified: its independent source makes it an anchor. CP-FORMAT, CP-ORIGIN.
 */
export function parseAnchor(bytes) {
  const anchor = (code, ...says) => new Refused(code, says, 'anchor');
  if (bytes.length > 65_536) throw anchor('CP-FORMAT', 'anchor-size', bytes.length);
  const typed = new TextDecoder().decode(bytes).replace(AROUND, ''); // removes a byte order mark, too
  const lines = typed.split(LINE_ENDS).map((line) => line.replace(AROUND, ''));
  if (lines[3]) throw anchor('CP-FORMAT', 'checkpoint-lines');
  try {
    return parseCheckpoint(
      typed &&
        lines
          .slice(0, 3)
          .map((line) => `${line}\n`)
          .join(''),
    );
  } catch (wrong) {
    throw wrong instanceof Refused ? anchor(wrong.code, ...wrong.says) : wrong;
  }
}
