/** Steps 16 and 17: unknown kinds, the claims of the maker of the bundle, and what is not proven. */
import { equal } from '../formats/bytes.mjs';
import { registryOf } from '../entries/placement.mjs';
import { kindOf, knownKind } from './field_forms.mjs';
import { DRIFT } from './heads.mjs';
import { FINDINGS } from '../bundle/findings.mjs';
import { POLICY } from '../bundle/layout.mjs';
import { digestOfFile } from '../formats/digest.mjs';
import { secondsOf, wire } from '../shape.mjs';
import { vocabulary } from '../../vocabulary.mjs';

const [UNKNOWN, NOT_HELD] = ['G-UNKNOWN-KIND', 'V-ROLE-NOT-HELD'];

// -- step 16 ----------------------------------------------------------------------------------------------------------

/** Return the entries of the order of the bundle, of its companion orders, and of the registry. */
export function caseOf(entries, manifest, registry) {
  const all = [...entries.values()];
  const companions = new Set(companionsOf(all, manifest.order));
  const mine = (e) => e.order === manifest.order || (companions.has(e.order) && isApart(e));
  return { own: all.filter(mine), registry: all.filter((e) => e.order === registry) };
}

const isApart = ({ shownAs }) => Boolean(kindOf(shownAs)?.shown_to?.length);

/** Return the companion orders: an entry there names the order, in a role held, and its kind is not for everyone. */
function companionsOf(all, order) {
  return all
    .filter((entry) => entry.held && isApart(entry) && field(entry, 'main_order') === order)
    .map((entry) => entry.order);
}

const field = (entry, name) => (entry.public.has(name) ? entry.public.get(name) : entry.values.get(name));

/** Check the formal part of step 16. The law itself is not judged here. */
export function checkForm(known, opened, manifest, now, book) {
  const made = judgedAt(manifest, now);
  const later = [...known.own, ...known.registry].filter((entry) => secondsOf(entry.signed_at) > made);
  if (later.length) book.remark('CMP-MADE-AT', ['made-before', later.length], ...later.map((entry) => entry.leaf));
  const unknown = [...opened.values(), ...known.arrived].filter((entry) => !knownKind(entry));
  if (unknown.length) book.remark(UNKNOWN, ['unknown-kind'], ...unknown.map((entry) => entry.leaf));
  const powerless = known.all.filter((entry) => !entry.held);
  if (powerless.length) book.remark(NOT_HELD, ['not-held'], ...powerless.map((entry) => entry.leaf));
}

/** Return the moment at which a bundle is judged: when it was made, or now if a bundle that is no test is of the future. */
export function judgedAt({ made_at, test }, now) {
  const made = secondsOf(made_at);
  return test || made <= now + DRIFT ? made : now;
}

// -- step 17 ----------------------------------------------------------------------------------------------------------

const A_DAY = 86_400; // seconds: a head may be older than the bundle by this much

/** Compare the claims of the maker with the content of the bundle: CMP-*; doubts POL-NEWER. */
export async function checkClaims(entries, lifted, manifest, times, committed, files, trust, now, book) {
  checkWithheld(entries, manifest, book);
  checkAudience([...entries.values(), ...lifted], manifest, book);
  if (trust) await checkPolicy([...entries.values()], trust.raw, files.get(POLICY), book);
  checkMadeAt(manifest, times, now, book);
  if (manifest.test) book.gravest.unshift(['unproven-test']);
  incomplete(manifest, await registryOf(manifest.log), times.heads.head.checkpoint.size, committed, book);
  if ([...files.keys()].some((path) => path.startsWith('views') && path !== FINDINGS)) book.notProven.push(['unproven-views']);
  book.notProven.push(['unproven-readme']);
  if (manifest.withheld_count) book.notProven.push(['unproven-withheld', manifest.withheld_count]);
  book.notProven.push(['unproven-true']);
}

/** Report who states where each order ends and that it has no other entries: the ledger, and behind its word the maker. */
function incomplete({ heads, order, signer: { actor, party } }, registry, size, committed, book) {
  const others = [...heads.keys()].filter((other) => other !== order && other !== registry).sort();
  if (committed) {
    const { counts, index, signedAt, auditors } = committed;
    const rest = others.map((other) => `, ${other} ${counts.get(other)}`).join('');
    const says = [committed.size, counts.get(order), counts.get(registry), rest, index, signedAt, auditors.join(', ')];
    book.gravest.push([auditors.length ? 'unproven-audited' : 'unproven-committed', ...says]);
    if (committed.whole) return;
    book.gravest.push(['unproven-behind', committed.size]);
  } else {
    book.gravest.push(['unproven-not-committed', actor, party]);
  }
  book.gravest.push(['unproven-order', size, heads.get(order).seq, actor, party]);
  if (others.length) {
    book.gravest.push(['unproven-orders', others.map((other) => `${other} ${heads.get(other).seq}`).join(', ')]);
  }
  book.gravest.push(['unproven-register', heads.get(registry).seq, actor, party]);
}

/** CMP-OLD-HEAD if the head is over a day older than the bundle; CMP-MADE-AT if it is younger, or in the future. */
function checkMadeAt(manifest, times, now, book) {
  const [made, seen] = [secondsOf(manifest.made_at), times.headSeen()];
  if (judgedAt(manifest, now) < made) book.remark('CMP-MADE-AT', ['made-to-come', wire(made)]);
  const cosigned = times.seenAt(times.heads.headDigest);
  if (seen !== null && made - seen > A_DAY) book.remark('CMP-OLD-HEAD', ['old-head', wire(made), wire(Math.floor(seen))]);
  else if (cosigned !== null && made < cosigned - DRIFT) {
    book.remark('CMP-MADE-AT', ['made-before-head', wire(made), wire(cosigned)]);
  }
}

function checkWithheld(entries, manifest, book) {
  const closed = [...entries.values()].flatMap((e) =>
    e.sealed.filter((name) => !e.opened.has(name)).map((name) => ({ name: `${e.index} ${name}`, leaf: e.leaf })),
  );
  const listed = new Set(manifest.withheld.map((c) => `${c.index} ${c.field}`));
  const same = listed.size === closed.length && closed.every(({ name }) => listed.has(name));
  const countedOnly = vocabulary.counted_only.includes(manifest.audience);
  if (manifest.withheld_count !== closed.length || !(countedOnly || same)) {
    const leaves = new Set(closed.map(({ leaf }) => leaf));
    book.remark('CMP-WITHHELD', ['withheld-count', manifest.withheld_count, closed.length], ...leaves);
  }
}

/** Check which role may read what: a sealed value is for the roles of its audience and for its signer. */
function checkAudience(entries, { audience: role }, book) {
  const hidden = entries.filter((entry) => !visible(entry, role));
  if (hidden.length) book.remark('CMP-AUDIENCE', ['audience-entries', role], ...hidden.map((entry) => entry.leaf));
  for (const entry of entries) {
    const names = [...entry.opened].filter((name) => !readable(entry, name, role)).sort();
    if (names.length) book.remark('CMP-AUDIENCE', ['audience-fields', role, names.join(', ')], entry.leaf);
  }
}

function visible({ shownAs }, role) {
  const shownTo = kindOf(shownAs)?.shown_to ?? [];
  return !shownTo.length || shownTo.includes(role);
}

function readable(entry, name, role) {
  if (!visible(entry, role)) return false;
  const fields = kindOf(entry.shownAs)?.fields ?? {};
  const usual = Object.hasOwn(fields, name) ? fields[name].audience : [];
  return role === entry.signer.role || (entry.audience?.get(name) ?? usual).includes(role);
}

/**
 * Doubt POL-NEWER unless the policy of the verifier is the last one that the log adopted. The enclosed copy is the choice
 * of the maker: it never removes the doubt. Each entry has its `index`; null for no copy.
 */
export async function checkPolicy(entries, yours, copy, book) {
  const changes = entries.filter((entry) => entry.kind === 'witness-changed' && knownKind(entry));
  const newest = changes.reduce((last, entry) => (!last || entry.index > last.index ? entry : last), null);
  if (newest && newest.public.get('policy_text').get('sha256') !== (await digestOfFile(yours))) {
    book.doubt('POL-NEWER', ['policy-newer', newest.index], POLICY);
  } else if (copy && !equal(yours, copy)) book.notProven.push(['unproven-policy']);
}
