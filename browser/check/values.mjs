/** Steps 13, 14 and 16: what is opened belongs there, files are those that were named, other records agree. */
import { hex, latin1 } from './bytes.mjs';
import { openEntry } from './envelope.mjs';
import { checkSealed, kindOf, knownKind, noteTexts, noteValues } from './facts.mjs';
import { noteDigest, openCheckpoint, parseCheckpoint } from './note.mjs';
import { Refused, placed } from './refusal.mjs';
import { digestOfFile } from './sha256.mjs';
import { checkInclusion, leafHash, parseProof } from './tlog.mjs';
import { lift } from './veil.mjs';

// -- step 13 ----------------------------------------------------------------------------------------------------------

/**
 * Every entry with what is opened here, by log index: SD-*, FACT.
 *
 * `values` has name -> value of the opened fields, `erased` the names of those that nobody can open any more,
 * `shownAs` the kind as this page knows it: a later schema is another kind.
 */
export async function liftValues(opened, parts, manifest, heads, book) {
  for (const index of parts.disclosures.keys()) {
    if (!opened.has(index))
      throw new Refused('SD-UNKNOWN', ['no-such-entry'], `${heads.folder}/disclosures/${index}.txt`);
  }
  const destroyed = destroyedBy(opened);
  const claimed = claimedErased(manifest);
  const entries = new Map();
  let count = 0;
  for (const [index, entry] of opened) {
    const text = parts.disclosures.get(index);
    const lifted = text ? await placed(`${heads.folder}/disclosures/${index}.txt`, () => liftLines(entry, text)) : [];
    const values = new Map(lifted.map(({ name, value }) => [name, value]));
    const closed = new Set(entry.sd);
    lifted.forEach(({ digest }) => closed.delete(digest));
    const erased = erasedFields(entry, values, closed, destroyed, claimed.get(index) ?? new Set());
    const later = kindOf(entry.kind) && !knownKind(entry);
    entries.set(index, {
      ...entry,
      index,
      values,
      erased,
      shownAs: later ? `${entry.kind}/${entry.schema}` : entry.kind,
    });
    noteValues(entry, values, book);
    for (const { name, digest } of lifted) {
      if (destroyed.has(digest))
        book.remark('SD-ERASED', ['opened-erased', index, name, destroyed.get(digest)], entry.leaf);
    }
    count += lifted.length;
  }
  book.says('opened', count);
  return entries;
}

/** The entries of other records of which values are opened here; they belong there as ours do: SD-*, FACT, ENV-*. */
export async function liftForeign(parts, book) {
  const found = [];
  for (const [name, text] of parts.foreign) {
    if (!name.endsWith('.txt')) continue;
    const raw = parts.foreign.get(name.slice(0, 64));
    if (!raw) throw new Refused('SD-UNKNOWN', ['no-such-entry'], `foreign/${name}`);
    await placed(`foreign/${name}`, async () => {
      const entry = await openEntry(raw);
      const values = new Map(liftLines(entry, text).map((each) => [each.name, each.value]));
      const later = kindOf(entry.kind) && !knownKind(entry);
      noteTexts(entry, book);
      noteValues(entry, values, book);
      found.push({ ...entry, values, shownAs: later ? `${entry.kind}/${entry.schema}` : entry.kind });
    });
  }
  return found;
}

function liftLines(entry, text) {
  if (text.at(-1) !== 0x0a) throw new Refused('SD-FORMAT', ['disclosure-lines']);
  const lines = latin1(text.subarray(0, -1))
    .replace(/[\x80-\xff]/g, '\ufffd')
    .split('\n', entry.sd.length + 1); // one of more lines than there are digests is unknown, or stands twice
  const lifted = lift(lines, entry.sd, entry.public);
  const strange = lifted.find(({ name }) => !entry.sealed.includes(name));
  if (strange) throw new Refused('SD-NAME', ['disclosure-strange', strange.name]);
  checkSealed(entry, lifted);
  return lifted;
}

/** Log index -> names of the fields of which the maker says that nobody can open them any more. */
function claimedErased(manifest) {
  const found = new Map();
  for (const { index, field, why } of manifest.withheld) {
    if (why !== 'erased') continue;
    if (!found.has(BigInt(index))) found.set(BigInt(index), new Set());
    found.get(BigInt(index)).add(field);
  }
  return found;
}

/** Digest -> index of the entry that says nobody can open it any more. */
function destroyedBy(opened) {
  const found = new Map();
  for (const [index, entry] of opened) {
    if (entry.kind !== 'payload-key-destroyed' || !knownKind(entry)) continue;
    for (const digest of entry.public.get('digests') ?? []) if (!found.has(digest)) found.set(digest, index);
  }
  return found;
}

/**
 * Which closed fields are erased, and not only withheld.
 *
 * Digests do not say whose they are. All of them closed for good settles it; else the maker's list does, where it
 * names as many fields as digests were closed.
 */
function erasedFields(entry, values, closed, destroyed, claimed) {
  const names = entry.sealed.filter((name) => !values.has(name));
  const gone = [...closed].filter((digest) => destroyed.has(digest)).length;
  if (gone === closed.size) return new Set(names);
  const told = names.filter((name) => claimed.has(name));
  return new Set(told.length === gone ? told : []);
}

// -- step 14 ----------------------------------------------------------------------------------------------------------

/** Every document, and every entry of another record, is the file its name says: DOC-HASH. */
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

// -- step 16 ----------------------------------------------------------------------------------------------------------

/** A log that takes the place of another says so in its first entry, with the last head of that one: CTX-SUCCESSOR. */
export async function checkSuccessor(opened, parts, policies, book) {
  for (const [index, entry] of opened) {
    if (entry.kind !== 'log-succeeded' || !knownKind(entry)) continue;
    const [origin, size, root] = ['predecessor', 'size', 'root'].map((name) => entry.public.get(name));
    const wrong = (...says) => new Refused('CTX-SUCCESSOR', says, `entry ${index}`);
    if (entry.seq !== 1 || origin === entry.log) throw wrong('successor-first');
    const note = entry.documents.map((each) => parts.foreign.get(each.sha256)).find((each) => each);
    if (!note) {
      book.notProven.push(['unproven-predecessor', origin]);
      continue;
    }
    try {
      await checkPredecessor(note, { origin, size, root }, policies, book);
    } catch (refused) {
      if (!(refused instanceof Refused) || refused.code === 'SIG-DISAGREE') throw refused;
      throw wrong('successor-wrong', refused.code, refused.says);
    }
  }
}

async function checkPredecessor(note, said, policies, book) {
  const head = parseCheckpoint(textOf(note));
  if (head.origin !== said.origin || head.size !== BigInt(said.size) || hex(head.root) !== said.root) {
    throw new Refused('CP-CONSISTENCY', ['successor-head', head.size, head.origin]);
  }
  const pinned = pinnedFor(head.origin, policies);
  if (pinned.length) await signedByOne(note, pinned);
  else book.notProven.push(['unproven-predecessor-log', head.origin]);
}

/**
 * What entries say of another party's record, held against the entry from there: ENT-MISMATCH; ENT-ABSENT is a
 * finding. Gives the entries that are wrapped here, `place` being theirs in their own log. `policies` name whom the
 * verifier trusts: for the bundle's own log first, then for others.
 */
export async function checkOthers(opened, parts, policies, registry, book) {
  const wrapped = [...parts.foreign].filter(([name]) => name.length === 64);
  const byLeaf = new Map(wrapped.map(([name, raw]) => [hex(leafHash(raw)), name]));
  const arrived = new Map();
  let checked = 0;
  for (const [index, entry] of opened) {
    if (entry.order === registry) continue;
    for (const said of claimsOf(entry)) {
      const found = parts.foreign.has(said.name) ? said.name : byLeaf.get(said.leaf);
      if (found === undefined) {
        book.remark('ENT-ABSENT', ['other-absent', index, said.index, said.origin], entry.leaf);
        continue;
      }
      try {
        const other = await checkOther(found, parts, said, policies, book);
        if (said.name) arrived.set(found, { ...other, place: said.index });
      } catch (wrong) {
        if (!(wrong instanceof Refused) || wrong.code === 'SIG-DISAGREE') throw wrong;
        throw new Refused('ENT-MISMATCH', ['other-says', index, wrong.code, wrong.says], `foreign/${found}`);
      }
      checked++;
    }
  }
  book.says('others', checked);
  return [...arrived.values()];
}

/**
 * Every entry of another record that this one names: {origin, index, leaf, name, head}, `name` the digest of its
 * envelope. Only where an entry wraps another does its `other` speak of the head of the proof kept here.
 */
function claimsOf(entry) {
  const claims = [];
  const wraps = entry.kind === 'counterparty-record-received' && knownKind(entry);
  if (wraps) {
    const [origin, index, leaf, name] = ['origin', 'index', 'leaf', 'envelope'].map((each) => entry.public.get(each));
    claims.push({ origin, index, leaf, name });
  }
  if (entry.other) claims.push({ ...entry.other, name: '', head: wraps ? entry.other.checkpoint_sha256 : '' });
  return claims;
}

async function checkOther(name, parts, said, policies, book) {
  const raw = parts.foreign.get(name);
  const opened = await openEntry(raw);
  if (opened.leaf !== said.leaf) throw new Refused('PRF-PATH', ['other-leaf', opened.leaf, said.leaf]);
  if (opened.log !== said.origin) throw new Refused('CTX-LOG', ['other-log', opened.log, said.origin]);
  const proof = parts.foreign.get(`${name}.tlog-proof`);
  if (!proof) {
    book.notProven.push(['unproven-other', said.index, said.origin]);
    return opened;
  }
  const parsed = parseProof(proof);
  if (parsed.index !== BigInt(said.index)) throw new Refused('PRF-INDEX', ['other-index', parsed.index, said.index]);
  const head = noteDigest(parsed.note);
  if (said.head && said.head !== head) throw new Refused('PRF-PATH', ['other-head', head, said.head]);
  await checkForeignLog(raw, parsed, said.origin, policies, book);
  return opened;
}

async function checkForeignLog(raw, { note, index, path }, origin, policies, book) {
  const head = parseCheckpoint(textOf(note));
  if (head.origin !== origin) throw new Refused('CP-ORIGIN', ['other-origin', head.origin]);
  checkInclusion(index, head.size, leafHash(raw), path, head.root);
  const pinned = pinnedFor(origin, policies);
  if (!pinned.length) {
    book.notProven.push(['unproven-other-log', origin, index]);
    return;
  }
  await signedByOne(note, pinned);
}

/** The keys of a log that somebody trusts, each with the policy that names it. */
const pinnedFor = (origin, policies) =>
  policies.flatMap((policy) => policy.logs.filter((key) => key.name === origin).map((key) => ({ policy, key })));

/** A log may have had several keys: the note is good if one of them signed it, else the last says what is wrong. */
async function signedByOne(note, [{ policy, key }, ...rest]) {
  try {
    await openCheckpoint(note, key.name, key, [...policy.witnesses.values()]);
  } catch (wrong) {
    if (!(wrong instanceof Refused) || wrong.code === 'SIG-DISAGREE' || !rest.length) throw wrong;
    await signedByOne(note, rest);
  }
}

const textOf = (note) => `${new TextDecoder('utf-8', { ignoreBOM: true }).decode(note).split('\n\n')[0]}\n`;
