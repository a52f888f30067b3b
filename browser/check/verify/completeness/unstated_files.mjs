/**
 * Name the files of a bundle that no entry states, as ledger/verify/completeness/unstated_files.py does: they are listed
 * and signed by its maker alone.
 */
import { encoded, hex, latin1, unb64, unb64url } from '../../formats/bytes.mjs';
import { leafHash } from '../../tlog/tree.mjs';
import { sha256 } from '../../../libraries.mjs';

const DIGEST = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;
const PAYLOAD = /^\{"payload":"((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"/;
const NAMED = 20; // the most files that a sentence lists

/** CMP-UNSTATED if no entry, and no value that is opened here, states the digest of a file of the bundle. */
export function noteUnstated(parts, opened, book) {
  const found = [...unstated(parts, opened)].sort();
  if (!found.length) return;
  const listed = [...found.slice(0, NAMED), ...(found.length > NAMED ? ['...'] : [])].join(', ');
  book.remark('CMP-UNSTATED', ['unstated', found.length, listed]);
}

function* unstated({ entries, disclosures, foreign, documents, others, unread }, opened) {
  const stated = new Set([...[...entries.values()].flatMap(inPayload), ...[...disclosures.values()].flatMap(inValues)]);
  const isStated = ([name, raw]) => name.length === 64 && (stated.has(name) || stated.has(hex(leafHash(raw))));
  const theirs = new Set([...foreign].filter(isStated).map(([name]) => name));
  for (const name of theirs) {
    for (const digest of inPayload(foreign.get(name))) stated.add(digest);
    if (foreign.has(`${name}.txt`)) for (const digest of inValues(foreign.get(`${name}.txt`))) stated.add(digest);
  }
  for (const name of foreign.keys()) if (!theirs.has(name.slice(0, 64))) yield `foreign/${name}`;
  for (const name of documents.keys()) if (!stated.has(name)) yield `documents/${name}`;
  const logs = new Set([...opened.values()].flatMap(logsOf).map((origin) => hex(sha256(encoded(origin)))));
  for (const name of others.keys()) if (!logs.has(name)) yield `others/${name}`;
  yield* unread;
}

function inPayload(raw) {
  const found = PAYLOAD.exec(latin1(raw));
  return found ? digestsIn(latin1(unb64(found[1]))) : [];
}

const inValues = (text) =>
  latin1(text)
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => digestsIn(latin1(unb64url(line))));

const digestsIn = (text) => text.match(DIGEST) ?? [];

function logsOf({ public: stated, other }) {
  const named = ['origin', 'predecessor'].map((name) => stated.get(name)).filter((value) => typeof value === 'string');
  return other ? [...named, other.origin] : named;
}
