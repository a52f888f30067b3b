/**
 * Build the payload of an entry from a draft, as ledger/entries/envelope.py does: which fields are sealed comes from the
 * vocabulary of this page, and never from the desk.
 */
import { canonical, checkJson, MAX_BYTES } from '../check/formats/canonical_json.mjs';
import { b64url, encoded, hex } from '../check/formats/bytes.mjs';
import { digestOf } from '../check/formats/selective_disclosure.mjs';
import { checkPublic, checkSealed, kindOf, noteTexts, noteValues } from '../check/verify/field_forms.mjs';
import { Refused } from '../check/errors.mjs';
import { vocabulary } from '../vocabulary.mjs';

const WHY = 'why'; // the reason of a replacement: every kind has it, and it is sealed
const SALT_SIZE = 16; // bytes
const ID_SIZE = 16; // bytes of the id of an entry
const LARGEST_DISCLOSURE = 8 * 2 ** 20; // bytes of its JSON, as ledger/formats/selective_disclosure.py has it
const MOST_NODES = 100_000; // values in a disclosure; array, salt and name are three more

/**
 * Return the payload of a draft at a place: {payload, body, disclosures, values}. `payload` is a Map, `body` its signed
 * bytes, `disclosures` the texts that open its sealed values, `values` these values by name.
 *
 * `signer` is {key, actor, role, party}, `signedAt` an instant, `random(n)` returns n fresh bytes: first the id of the
 * entry, then a salt for each sealed value in the order of the names. FACT*, API-KIND, JSON-*, ENV-SIZE.
 */
export function payloadOf(draft, place, signer, signedAt, random) {
  const kind = signedKind(draft.kind);
  const { open, values } = divided(draft, kind);
  checkAudience(draft, kind);
  const entry = hex(random(ID_SIZE));
  const disclosures = [...values].map(([name, value]) => disclosure(name, value, random(SALT_SIZE)));
  if (disclosures.length) open.set('_sd', disclosures.map(digestOf).sort());
  const members = {
    v: 1,
    log: place.log,
    entry,
    order: draft.order,
    seq: place.seq,
    prev: place.prev,
    seen: null,
    kind: draft.kind,
    schema: kind.schema,
    instrument: place.instrument,
    refs: draft.refs ?? [],
    signer: mapOf(signer),
    speaks: draft.speaks,
    on: draft.on,
    on_source: draft.on_source,
    signed_at: signedAt,
    public: open,
    sealed: [...values.keys()],
    documents: (draft.documents ?? []).map(mapOf),
    whose: draft.whose,
    replaces: draft.replaces,
    audience: draft.audience?.size ? draft.audience : undefined,
    unless: draft.unless && mapOf(draft.unless),
  };
  const payload = mapOf(members);
  checkForms(members, values);
  const body = encoded(canonical(payload));
  checkJson(body, payload);
  if (body.length > MAX_BYTES) throw new Refused('ENV-SIZE', ['payload-size', body.length, MAX_BYTES]);
  return { payload, body, disclosures, values };
}

/** Return a kind that is signed here; FACT-KIND, or API-KIND for one that is recorded where the ledger is. */
export function signedKind(name) {
  const kind = kindOf(name);
  if (!kind) throw new Refused('FACT-KIND', ['sign-kind', name]);
  if (kind.shown_to.length) throw new Refused('API-KIND', ['sign-kind-elsewhere', name]);
  return kind;
}

/** Return the public fields of a draft, and its sealed ones in the order of their names. */
function divided(draft, kind) {
  const [open, sealed] = [new Map(), new Map()];
  for (const [name, value] of draft.fields) {
    if (!Object.hasOwn(kind.fields, name)) throw new Refused('FACT', ['sign-field', name]);
    (kind.fields[name].sealed ? sealed : open).set(name, value);
  }
  for (const [name, field] of Object.entries(kind.fields)) if (field.always && !sealed.has(name)) sealed.set(name, null);
  if (draft.why !== undefined) sealed.set(WHY, draft.why);
  return { open, values: new Map([...sealed.keys()].sort().map((name) => [name, sealed.get(name)])) };
}

/** FACT unless the readers that a draft names are roles, each of a sealed field of its kind. */
function checkAudience(draft, kind) {
  for (const [name, roles] of draft.audience ?? []) {
    const sealed = name === WHY || (Object.hasOwn(kind.fields, name) && kind.fields[name].sealed);
    const known = roles.every((role) => Object.hasOwn(vocabulary.roles, role));
    if (!sealed || !known) throw new Refused('FACT', ['sign-audience', name]);
  }
}

/** Return the disclosure string of a value: base64url of the canonical JSON of salt, name and value (RFC 9901). */
function disclosure(name, value, salt) {
  const array = [b64url(salt), name, value];
  const plain = encoded(canonical(array));
  checkJson(plain, array, { maxNodes: MOST_NODES + 3 });
  if (plain.length > LARGEST_DISCLOSURE) throw new Refused('JSON-SIZE', ['json-size', plain.length, LARGEST_DISCLOSURE]);
  return b64url(plain);
}

/** Check the form of every field, and that no text has a character that a record should not have. */
function checkForms(members, values) {
  checkPublic(members);
  checkSealed(members, [...values].map(([name, value]) => ({ name, value })));
  const book = {
    remark: (_, says) => {
      throw new Refused('JSON-CHAR', says);
    },
  };
  const entry = { ...members, signer: Object.fromEntries(members.signer), documents: members.documents.map((each) => Object.fromEntries(each)) };
  noteTexts(entry, book);
  noteValues(entry, values, book);
}

/** Return an object as a Map without the members that are undefined. */
const mapOf = (members) => new Map(Object.entries(members).filter(([, value]) => value !== undefined));
