/**
 * The messages between desk and signing page: plain JSON objects of the format comity.signing/1, each with exactly its
 * members. docs/reference/signing.md describes them.
 */
import { CONDITION, DOCUMENT, KIND } from '../check/entries/envelope.mjs';
import { loads } from '../check/formats/canonical_json.mjs';
import { encoded } from '../check/formats/bytes.mjs';
import { Refused } from '../check/errors.mjs';
import { COUNT, HEX32, HEX64, INSTANT, NAME, UUID, anything, list, oneOf, orNull, record, table, truth, whole, word } from '../check/shape.mjs';
import { vocabulary } from '../vocabulary.mjs';

export const FORMAT = 'comity.signing/1';
export const MOST_ENTRIES = 64; // of one request, as the server takes them
const LARGEST = 32 * 2 ** 20; // characters of a message

const TEXT = word(/^[^]*$/);
const FORMATTED = oneOf(FORMAT);

/** The shape of a member that may also be null, which says that it is absent. */
const maybe = (shape) => (value, at) => (value === null ? undefined : shape(value, at));

const HEAD = record({ size: COUNT, note: TEXT });
const PROVEN = record({ index: COUNT, leaf: HEX64, path: list(TEXT, 64), entry: TEXT });
const CONSISTENCY = record({ format: oneOf('comity.api-consistency/1'), head: HEAD, start: COUNT, end: COUNT, path: list(TEXT, 64) });
const PLACE = record({
  format: oneOf('comity.api-place/1'),
  head: HEAD,
  order: UUID,
  seq: whole(1),
  prev: HEX64,
  instrument: orNull(NAME),
  newest: PROVEN,
  begun: orNull(PROVEN),
});
// Where an access entry belongs. The entry before it is another person's, and is not shown; the log refuses a wrong place.
const ACCESS_PLACE = record({ order: UUID, seq: whole(1), prev: orNull(HEX64) });
const ANY_PLACE = (value, at) => (value instanceof Map && value.has('head') ? PLACE : ACCESS_PLACE)(value, at);
const DRAFT = record(
  {
    kind: KIND,
    order: UUID,
    instrument: orNull(NAME),
    fields: table(anything),
    role: NAME,
    actor: NAME,
    party: NAME,
    on: INSTANT,
    on_source: oneOf(...vocabulary.on_source),
    speaks: oneOf(...vocabulary.speaks),
  },
  {
    whose: maybe(NAME),
    replaces: maybe(HEX64),
    why: maybe(TEXT),
    refs: maybe(list(NAME)),
    audience: maybe(table(list(NAME))),
    documents: maybe(list(DOCUMENT)),
    unless: maybe(CONDITION),
  },
);
const DRAFTED = record({ draft: DRAFT, place: orNull(ANY_PLACE), proposal: orNull(anything) }, { consistency: orNull(CONSISTENCY) });
const RECEIPT = record({ index: COUNT, leaf: HEX64, entry: HEX32, order: UUID, seq: whole(1), already: truth, proof: TEXT });

const MESSAGES = {
  keys: record({ format: FORMATTED, type: TEXT, id: NAME, log: NAME }),
  enrol: record({
    format: FORMATTED,
    type: TEXT,
    id: NAME,
    ledger: record({ log: NAME, key: TEXT, fingerprint: TEXT }),
    account: record({ id: NAME, name: NAME, office: NAME }),
    device: NAME,
  }),
  sign: record({
    format: FORMATTED,
    type: TEXT,
    id: NAME,
    log: NAME,
    proofs: record({ head: HEAD, consistency: orNull(CONSISTENCY) }),
    drafts: list(DRAFTED, MOST_ENTRIES),
    public: HEX64,
  }),
  receipts: record({
    format: FORMATTED,
    type: TEXT,
    id: NAME,
    receipts: list(RECEIPT, MOST_ENTRIES),
    consistency: orNull(CONSISTENCY),
  }),
};

/** Return a message in its shape; JSON-* and SIGN-MESSAGE for anything else. Objects in fields become Maps. */
export function readMessage(data) {
  const text = JSON.stringify(data) ?? 'null';
  if (text.length > LARGEST) throw new Refused('JSON-SIZE', ['json-size', text.length, LARGEST]);
  const value = loads(encoded(text));
  const type = value instanceof Map ? value.get('type') : null;
  if (typeof type !== 'string' || !Object.hasOwn(MESSAGES, type)) throw new Refused('SIGN-MESSAGE', ['sign-message']);
  return MESSAGES[type](value, type);
}

/** Return the id of a message that cannot be read, for the refusal. */
export const idOf = (data) => (typeof data?.id === 'string' ? data.id.slice(0, 200) : '');
