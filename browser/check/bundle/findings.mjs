/**
 * Read views/findings.json: what the maker of a bundle states that it found (ledger/bundle/findings.py).
 *
 * It is a statement of the maker under the signature of the manifest, and no evidence. Its texts are untrusted.
 */
import { parseJson } from '../formats/canonical_json.mjs';
import { Refused } from '../errors.mjs';
import { COUNT, HEX64, INSTANT, NAME, UUID, list, oneOf, record, word } from '../shape.mjs';

export const FINDINGS = 'views/findings.json';

const [MAX_BYTES, MAX_NODES] = [2 ** 20, 100_000];
const MAX_FINDINGS = 1_000;
const LEVEL_OF = /^([VWG])-/; // the level that a code says; a code such as F713 says none
const LISTED = { entries: 100, cite: 50 };

const FINDING = record({
  code: word(/^[A-Z][A-Za-z0-9-]{0,79}$/),
  level: oneOf('V', 'W', 'G'),
  says: word(/^[^\n]{1,4000}$/u),
  cite: list(word(/^[^\n]{1,200}$/u)),
  mark: oneOf('text', 'known', 'likely', 'design'),
  entries: list(record({ index: COUNT, leaf: HEX64 })),
  more: COUNT,
});

const SHAPE = record({
  format: oneOf('comity.findings/1'),
  log: NAME,
  order: UUID,
  audience: NAME,
  size: COUNT,
  as_of: INSTANT,
  rules: HEX64,
  findings: list(FINDING),
});

/** Return what the maker states: {state: 'stated', ...}, {state: 'none'} or, with CMP-FINDINGS, {state: 'unreadable'}. */
export function makersFindings(files, manifest, size, carried, book) {
  const raw = files.get(FINDINGS);
  if (!raw) return { state: 'none', findings: [] };
  try {
    return { state: 'stated', ...aboutThis(parsed(raw), manifest, size, carried) };
  } catch (wrong) {
    if (!(wrong instanceof Refused) && !(wrong instanceof RangeError)) throw wrong;
    book.remark('CMP-FINDINGS', ['findings-unreadable']);
    return { state: 'unreadable', findings: [] };
  }
}

function parsed(raw) {
  const found = SHAPE(parseJson(raw, { maxBytes: MAX_BYTES, maxNodes: MAX_NODES }), 'findings');
  const tooMany = found.findings.some((one) => Object.entries(LISTED).some(([name, most]) => one[name].length > most));
  const misplaced = found.findings.some(({ code, level }) => (LEVEL_OF.exec(code)?.[1] ?? level) !== level);
  if (found.findings.length > MAX_FINDINGS || tooMany || misplaced) throw new Refused('CMP-FINDINGS', ['findings-unreadable']);
  return found;
}

/** Refuse findings on another order, audience or state of the log, or that rest on an entry that is not here. */
function aboutThis(found, manifest, size, carried) {
  const theirs = { ...manifest, size: Number(size), as_of: manifest.made_at };
  const others = ['log', 'order', 'audience', 'size', 'as_of', 'rules'].filter((name) => found[name] !== theirs[name]);
  const rests = found.findings.flatMap(({ entries }) => entries);
  if (others.length || !rests.every(({ index, leaf }) => carried.has(`${index} ${leaf}`))) {
    throw new Refused('CMP-FINDINGS', ['findings-unreadable']);
  }
  return found;
}
