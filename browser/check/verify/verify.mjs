/**
 * Verify a bundle under the trust of the reader: return the proven order, or the first fault.
 *
 * The seventeen steps of docs/reference/verification.md, in order, with the codes of the Python program. The files are
 * those of ledger/verify, without a shared line. Step 16, the law, is not run here. Nothing inside a bundle is used to
 * judge it.
 */
import { noteUnstated } from './completeness/unstated_files.mjs';
import { checkArrived, checkSuccessor, noteArrivedCopies } from './received_entries.mjs';
import { checkAudits, recomputedBy } from './audits.mjs';
import { utf8 } from '../formats/bytes.mjs';
import { registryOf } from '../entries/placement.mjs';
import { checkCommitted } from './completeness/committed_heads.mjs';
import { checkConditions } from './completeness/conditions.mjs';
import { caseOf, checkClaims, checkForm, judgedAt } from './claims.mjs';
import { makersFindings } from '../bundle/findings.mjs';
import { carriedIn } from '../bundle/archive_kind.mjs';
import { checkKeys, checkLeaves, checkLines, checkPlaces, checkRotations, chooseRegistrar, openEntries } from './entries.mjs';
import { checkAnchored, openedAnchor } from './history/anchors.mjs';
import { checkHistory } from './history/consistency.mjs';
import { checkCurrent, checkQuorum, checkSizesOf, choosePolicy, openHeads } from './heads.mjs';
import { checkKnownCommit, checkKnownEntries, checkKnownHeads, comparable, registerAfter } from './earlier_bundles.mjs';
import { MANIFEST, SUMS, arrange, checkVersion, isOfVersion, sumsOf, unpacked } from '../bundle/layout.mjs';
import { checkListing, openManifest } from '../bundle/manifest.mjs';
import { Notebook } from './progress.mjs';
import { OtherLogs } from './other_logs.mjs';
import { kindOf, knownKind } from './field_forms.mjs';
import { Refused } from '../errors.mjs';
import { digestOfFile } from '../formats/digest.mjs';
import { checkTokens } from './timestamps.mjs';
import { wire } from '../shape.mjs';
import { Times, checkTimes } from './time_brackets.mjs';
import { parseHeld } from '../trust/held.mjs';
import { checkDocuments, liftForeign, liftValues } from './disclosures.mjs';

/**
 * Verify an evidence bundle; `data` are its bytes.
 *
 * `trust` is the result of `readTrust` or `readVersions`, or null. `anchor` are the bytes of a checkpoint from an
 * independent source, or null. `now` is in seconds since 1970. Any content of the bundle ends in a report; `Refused` is
 * thrown only for an `anchor` that is no checkpoint, and with BND-VERSION for a bundle of a later layout. `onStep` gets
 * the number of each step as it begins. `elsewhere` is `shown` in the report of another bundle of the log. `came` says
 * how trust and anchor came (check/trust/held.mjs), `asPrinted` that a typed anchor was compared with its paper.
 */
export async function verify(data, trust, anchor, now, onStep = () => {}, elsewhere = null, { came = null, asPrinted = false } = {}) {
  const carried = await carriedIn(data);
  if (carried.content instanceof Uint8Array) checkVersion(carried.content);
  const held = parseHeld(anchor, asPrinted);
  const book = new Notebook();
  const found = { entries: 0, signatures: 0, head: null, manifest: null, makers: null, brackets: [], known: null, headSeen: null, shown: null, committed: null, audits: [] };
  try {
    await walk(carried, trust, held, now, book, found, onStep, elsewhere, came);
  } catch (wrong) {
    if (!(wrong instanceof Refused) || wrong.code === 'BND-VERSION') throw wrong;
  }
  const reasons = book.failed ? [book.failed] : book.doubts;
  const verdict = book.failed ? 'TOTAL-FAILED' : reasons.length ? 'INDETERMINATE' : 'TOTAL-PASSED';
  return { verdict, reasons, steps: book.steps, remarks: book.remarks, notProven: book.unproven, compared: book.compared, exhibit: book.exhibit, ...found };
}

async function walk(carried, trust, held, now, book, found, onStep, elsewhere, came) {
  const step = async (number, work) => {
    onStep(number);
    await book.step(number, work);
  };
  let files, policy, manifest, registry, parts, heads, stamped, opened, times, keyring, entries, lifted, arrivals;
  await step(1, async () => {
    if (carried.wrong) throw carried.wrong;
    let original;
    [files, original] = await unpacked(carried.content);
    if (!original) book.remark('BND-REPACKED', ['repacked']);
    const unproven = carried.listed ? 'unproven-container' : 'unproven-container-unlisted';
    if (carried.name) book.notProven.push([unproven, carried.name]);
    book.says('unpacked', files.size, carried.content.length);
  });
  await step(2, async () => {
    policy = await choosePolicy(trust, files, book);
    checkCurrent(trust, now, book);
  });
  await step(3, async () => {
    if (!files.has(MANIFEST)) throw new Refused('BND-MANIFEST', ['bundle-none'], MANIFEST);
    manifest = await openManifest(files.get(MANIFEST));
    if (!isOfVersion(files, manifest.v)) throw new Refused('BND-MANIFEST', ['manifest-version', manifest.v], MANIFEST);
    const digested = [...files].map(async ([path, content]) => [path, await digestOfFile(content)]);
    const digests = new Map(await Promise.all(digested));
    checkListing(manifest, files, digests);
    if (!files.has(SUMS) || !spells(files.get(SUMS), sumsOf(digests)))
      throw new Refused('BND-MANIFEST', ['sums'], SUMS);
    parts = arrange(files, manifest.log, manifest.v);
    registry = await registryOf(manifest.log);
    book.says('listed', manifest.files.length, manifest.signer.actor);
    found.manifest = manifest;
  });
  await step(4, async () => {
    heads = await openHeads(parts, manifest.log, policy, book, !trust);
    checkSizesOf(heads, trust);
    found.head = heads.head;
    elsewhere = comparable(elsewhere, manifest, policy, book);
  });
  await step(5, () => {
    heads = checkQuorum(heads, policy, now, book);
  });
  await step(6, async () => {
    const anchor = await openedAnchor(held, policy, trust);
    await checkHistory(heads, parts, anchor, book);
    checkAnchored(heads, anchor, trust, book, came);
    if (elsewhere) checkKnownHeads(heads, parts, elsewhere, book);
  });
  await step(7, async () => {
    stamped = await checkTokens(parts, new Times(heads, policy), trust, now, book);
  });
  await step(8, async () => {
    await checkLeaves(parts, heads, book);
    found.entries = parts.entries.size;
  });
  await step(9, async () => {
    opened = await openEntries(parts, heads, book);
    found.signatures = opened.size;
  });
  await step(10, async () => {
    await checkPlaces(opened, manifest, heads, book);
    if (elsewhere) checkKnownEntries(opened, manifest, heads, parts, elsewhere, book);
  });
  await step(11, async () => {
    times = new Times(heads, policy, stamped);
    const registrar = chooseRegistrar(trust, opened, registry, book);
    const later = elsewhere ? registerAfter(elsewhere, manifest, registry) : new Map();
    keyring = await checkKeys(opened, manifest, registrar, registry, heads, times, book, later);
    checkRotations(new Map([...opened, ...later]), heads, trust, book);
    checkLines(new Map([...opened, ...later]), heads, policy, trust, book);
  });
  found.headSeen = times.headSeen();
  await step(12, () => {
    found.brackets = checkTimes(opened, times, book);
  });
  await step(13, async () => {
    entries = await liftValues(opened, parts, manifest, keyring, heads, book);
    lifted = await liftForeign(parts, book);
  });
  await step(14, () => checkDocuments(parts, book));
  await step(15, async () => {
    const logs = new OtherLogs(trust ? [trust, ...(trust.others ?? [])] : [{ policy, registrar: null }], parts.others, now);
    await checkSuccessor(opened, parts, logs, book);
    const values = new Map([...entries.values(), ...lifted].map((entry) => [entry.leaf, entry.values]));
    arrivals = await checkArrived(opened, parts, keyring, times, values, logs, book);
    noteArrivedCopies(opened, arrivals, book);
  });
  onStep(16);
  found.known = {
    ...caseOf(entries, manifest, registry),
    all: [...entries.values()],
    at: wire(judgedAt(manifest, now)),
    arrived: shownOf(arrivals, lifted),
    acts: actsOf(arrivals, lifted, manifest),
    proves: new Map(arrivals.filter(({ proves }) => proves).map(({ wrapper, proves }) => [wrapper.leaf, proves])),
  };
  checkForm(found.known, opened, manifest, now, book);
  book.skip(16, ['law-elsewhere']);
  await step(17, async () => {
    found.committed = await checkCommitted(parts, opened, manifest, keyring, times, book);
    checkConditions(opened, arrivals, found.committed, book);
    if (elsewhere && found.committed) checkKnownCommit(found.committed, heads, parts, elsewhere);
    found.audits = checkAudits(parts.audits, trust?.policy, heads.head.checkpoint, book);
    if (found.committed) found.committed.auditors = recomputedBy(found.audits, found.committed.index);
    await checkClaims(entries, lifted, manifest, times, found.committed, files, trust, now, book);
    noteUnstated(parts, opened, book);
    const inner = arrivals.filter((one) => one.inner).map((one) => `${one.index} ${one.inner.leaf}`);
    const carried = new Set([...[...opened].map(([index, { leaf }]) => `${index} ${leaf}`), ...inner]);
    found.makers = makersFindings(files, manifest, heads.head.checkpoint.size, carried, book);
  });
  const commit = found.committed ? [[found.committed.index, found.committed.entry]] : [];
  found.shown = { origin: manifest.log, entries: new Map([...opened, ...commit]), heads, parts, consistency: parts.consistency };
}

/** Return the opened entries of other records for display: `proven` is true if they count as acts of their signers. */
function shownOf(arrivals, lifted) {
  const values = new Map(lifted.map((entry) => [entry.leaf, entry.values]));
  return arrivals
    .filter(({ inner }) => inner)
    .map(({ inner, wrapper, act, proves }) => ({
      ...inner,
      place: wrapper.public.get('index'),
      proven: act || proves !== null,
      held: true,
      values: values.get(inner.leaf) ?? new Map(),
      erased: new Set(),
    }));
}

/** Return the wrapped entries that count as acts of their signers in the order of the bundle, each with its wrapper. */
function actsOf(arrivals, lifted, { log, order }) {
  const values = new Map(lifted.map((entry) => [entry.leaf, entry.values]));
  return arrivals
    .filter(({ act, wrapper }) => act && wrapper.order === order)
    .map(({ inner, wrapper, index }) => {
      const known = !kindOf(inner.kind) || knownKind(inner);
      const shownAs = known ? inner.kind : `${inner.kind}/${inner.schema}`;
      const opened = { values: values.get(inner.leaf) ?? new Map(), erased: new Set(), held: true, shownAs };
      return { inner: { ...inner, ...opened }, wrapper, index, log };
    });
}

function spells(bytes, text) {
  try {
    return utf8(bytes) === text;
  } catch {
    return false;
  }
}
