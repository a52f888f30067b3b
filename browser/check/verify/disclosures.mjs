/** Steps 13 and 14: check that opened values belong to their entries, and files to their names. */
import { bySize, latin1 } from '../formats/bytes.mjs';
import { openEntry } from '../entries/envelope.mjs';
import { checkSealed, kindOf, knownKind, noteValues } from './field_forms.mjs';
import { Refused, placed } from '../errors.mjs';
import { digestOfFile } from '../formats/digest.mjs';
import { lift } from '../formats/selective_disclosure.mjs';

// -- step 13 ----------------------------------------------------------------------------------------------------------

/**
 * Return every entry with its opened values, by log index: SD-*.
 *
 * `values` has name -> value of the opened fields that have their form, `opened` the names of all opened fields, `erased`
 * the names of fields that no one can open any more. `held` is whether its key held the role it claims, `shownAs` the kind
 * as this page knows it: a later schema is another kind.
 */
export async function liftValues(opened, parts, manifest, keyring, heads, book) {
  for (const index of parts.disclosures.keys()) {
    if (!opened.has(index))
      throw new Refused('SD-UNKNOWN', ['no-such-entry'], `${heads.folder}/disclosures/${index}.txt`);
  }
  const destroyed = destroyedBy(opened, keyring);
  checkDestroyers(opened, destroyed, book);
  const claimed = claimedErased(manifest);
  const entries = new Map();
  let count = 0;
  for (const [index, entry] of opened) {
    const text = parts.disclosures.get(index);
    const lifted = text ? await placed(`${heads.folder}/disclosures/${index}.txt`, () => liftLines(entry, text)) : [];
    const values = formed(entry, lifted, `entry ${index}`, book);
    const names = new Set(lifted.map(({ name }) => name));
    const closed = new Set(entry.sd);
    lifted.forEach(({ digest }) => closed.delete(digest));
    const erased = erasedFields(entry, names, closed, destroyed, claimed.get(index) ?? new Set());
    const later = kindOf(entry.kind) && !knownKind(entry);
    entries.set(index, {
      ...entry,
      index,
      values,
      opened: names,
      erased,
      held: keyring.holds(entry.signer, index),
      shownAs: later ? `${entry.kind}/${entry.schema}` : entry.kind,
    });
    noteValues(entry, values, book);
    for (const { name, digest } of lifted) {
      if (destroyed.has(digest))
        book.remark('SD-ERASED', ['opened-erased', index, name, destroyed.get(digest)], entry.leaf);
    }
    count += lifted.length;
  }
  noteCopies(opened, book);
  book.says('opened', count);
  return entries;
}

/** Report SD-COPIED for an entry with a commitment of an earlier entry: salts never repeat by chance. */
function noteCopies(opened, book) {
  const first = new Map();
  for (const [index, { sd, leaf }] of [...opened].sort(([one], [other]) => bySize(one, other))) {
    const earlier = sd.filter((digest) => first.has(digest)).map((digest) => first.get(digest));
    if (earlier.length) book.remark('SD-COPIED', ['commitment-copied', index, earlier.sort(bySize)[0]], leaf);
    for (const digest of sd) if (!first.has(digest)) first.set(digest, index);
  }
}

/** Return the entries of other records with opened values, checked like the entries of this one: SD-*, FACT, ENV-*. */
export async function liftForeign(parts, book) {
  const found = [];
  for (const [name, text] of parts.foreign) {
    if (!name.endsWith('.txt')) continue;
    const raw = parts.foreign.get(name.slice(0, 64));
    if (!raw) throw new Refused('SD-UNKNOWN', ['no-such-entry'], `foreign/${name}`);
    await placed(`foreign/${name}`, async () => {
      const entry = await openEntry(raw);
      const lifted = liftLines(entry, text);
      const values = formed(entry, lifted, `foreign/${name}`, book);
      const later = kindOf(entry.kind) && !knownKind(entry);
      noteValues(entry, values, book);
      const opened = new Set(lifted.map((each) => each.name));
      found.push({ ...entry, values, opened, shownAs: later ? `${entry.kind}/${entry.schema}` : entry.kind });
    });
  }
  return found;
}

function liftLines(entry, text) {
  if (text.at(-1) !== 0x0a) throw new Refused('SD-FORMAT', ['disclosure-lines']);
  const lines = latin1(text.subarray(0, -1))
    .replace(/[\x80-\xff]/g, '\ufffd')
    .split('\n', entry.sd.length + 1); // with more lines than digests, one is unknown or repeated
  const lifted = lift(lines, entry.sd, entry.public);
  const strange = lifted.find(({ name }) => !entry.sealed.includes(name));
  if (strange) throw new Refused('SD-NAME', ['disclosure-strange', strange.name]);
  return lifted;
}

/** Return the opened values that have their form, by name; report SD-FORM for others, which count as not opened. */
function formed(entry, lifted, where, book) {
  const values = new Map();
  for (const one of lifted) {
    try {
      if (one.name === 'why' && typeof one.value !== 'string') throw new Refused('FACT', []);
      checkSealed(entry, [one]);
      values.set(one.name, one.value);
    } catch (wrong) {
      if (wrong.code !== 'FACT') throw wrong;
      book.remark('SD-FORM', ['value-form', where, one.name], entry.leaf);
    }
  }
  return values;
}

/** Return log index -> names of the fields that the maker declares erased. */
function claimedErased(manifest) {
  const found = new Map();
  for (const { index, field, why } of manifest.withheld) {
    if (why !== 'erased') continue;
    if (!found.has(BigInt(index))) found.set(BigInt(index), new Set());
    found.get(BigInt(index)).add(field);
  }
  return found;
}

/** Report SD-CUSTODIAN where an entry declares values of another signer erased. */
function checkDestroyers(opened, destroyed, book) {
  for (const [index, entry] of opened) {
    if (entry.kind !== 'payload-key-destroyed' || !knownKind(entry)) continue;
    const strange = (entry.public.get('digests') ?? []).filter((digest) => !destroyed.has(digest)).length;
    if (strange) book.remark('SD-CUSTODIAN', ['no-custodian', index, strange], entry.leaf);
  }
}

const CUSTODIANS = ['ADM', 'ISS', 'RET', 'DPO']; // the roles of an office that may keep the keys of its ledger

/**
 * Return digest -> index of the entry that declares it erased. The entry counts if its signer holds its role, and either
 * may keep the keys of the Party of the registrar in that role, or signed the value.
 */
function destroyedBy(opened, keyring) {
  const found = new Map();
  const owners = new Map();
  for (const [, { sd, signer }] of [...opened].sort(([one], [other]) => bySize(one, other))) {
    for (const digest of sd) if (!owners.has(digest)) owners.set(digest, signer.actor); // the first entry with this value
  }
  for (const [index, entry] of opened) {
    const { kind, signer } = entry;
    if (kind !== 'payload-key-destroyed' || !knownKind(entry) || !keyring.holds(signer, index)) continue;
    const custodian = signer.party === keyring.registrar.party && CUSTODIANS.includes(signer.role);
    for (const digest of entry.public.get('digests') ?? []) {
      if ((custodian || owners.get(digest) === signer.actor) && !found.has(digest)) found.set(digest, index);
    }
  }
  return found;
}

/**
 * Return which closed fields are erased, and not only withheld.
 *
 * A digest does not name its field. If all closed digests are erased, all closed fields are. Otherwise the list of the
 * maker decides, if it names as many fields as there are erased digests.
 */
function erasedFields(entry, opened, closed, destroyed, claimed) {
  const names = entry.sealed.filter((name) => !opened.has(name));
  const gone = [...closed].filter((digest) => destroyed.has(digest)).length;
  if (gone === closed.size) return new Set(names);
  const told = names.filter((name) => claimed.has(name));
  return new Set(told.length === gone ? told : []);
}

// -- step 14 ----------------------------------------------------------------------------------------------------------

/** Check that the digest in the name of every document and of every entry of another record is right: DOC-HASH. */
export async function checkDocuments(parts, book) {
  const foreign = [...parts.foreign].filter(([name]) => name.length === 64);
  const files = [
    ...[...parts.documents].map((each) => ['documents', ...each]),
    ...foreign.map((each) => ['foreign', ...each]),
  ];
  for (const [folder, name, content] of files) {
    const found = await digestOfFile(content);
    if (found !== name) throw new Refused('DOC-HASH', ['document-digest', found], `${folder}/${name}`);
  }
  book.says('files', files.length);
}
