/** The evidence file: read it in pieces, compare it with the record, and say in sentences what that shows. */
import { Custody } from '../check/reading/evidence_file.mjs';
import { GIVEN } from '../check/reading/exhibit_digests.mjs';
import { digestsOfFile, isComputed } from '../check/formats/file_digests.mjs';
import { isBundle } from '../check/bundle/archive_kind.mjs';
import { visible } from '../check/formats/characters.mjs';
import { bytesOf } from './folder.mjs';
import { foreign, grid, make } from './dom.mjs';
import { written } from './moments.mjs';
import { languageOf, say } from './texts.mjs';

/** Return, for each file, its digests and the result of its comparison; `onRead` gets name, bytes read, and size. */
export async function comparedFiles(files, report, onRead) {
  const custody = report.known && report.verdict !== 'TOTAL-FAILED' ? Custody.of(report.known) : null;
  const named = custody?.algorithms ?? [];
  const [computed, open] = [true, false].map((wanted) => named.filter((name) => isComputed(name) === wanted));
  const compared = [];
  for (const file of files) {
    const digests = await digestsOfFile(file, ['sha256', ...computed], (read) => onRead(file.name, read, file.size));
    const [sha256, sha512] = ['sha256', 'sha512'].map((name) => digests.get(name) ?? null);
    const known = { name: file.name, size: file.size, sha256, sha512 };
    const others = computed.filter((name) => name !== 'sha512').map((name) => `${name}:${digests.get(name)}`);
    const found = custody?.compare((others.length ? others : [null]).map((digest) => ({ ...known, digest }))) ?? null;
    compared.push({ ...known, found, open, isBundle: isBundle(await bytesOf(file.slice(0, 200))) });
  }
  return compared;
}

/** Create what is said of the evidence files: an answer of each, and what it rests on. */
export const evidence = (compared, report, names) =>
  compared.length ? [make('h2', {}, say(['files-title'])), compared.map((file) => answer(file, report, names))] : null;

function answer(file, report, names) {
  const [state, title, sentences] = judged(file, names);
  const proven = report.verdict === 'TOTAL-PASSED';
  const heading = state === 'same' && !proven ? 'file-same-unproven' : title;
  return make(
    'section',
    { class: `file-answer ${state === 'same' && !proven ? 'open' : state}` },
    make('h3', {}, foreign(file.name)),
    make('p', { class: 'answer' }, make('strong', {}, say([heading]))),
    proven || !file.found ? null : make('p', {}, say(['file-rests', report.verdict])),
    sentences.map((sentence) => make('p', {}, sentence)),
    make('p', {}, say(['file-digest', file.size]), make('code', {}, file.sha256)),
    rests(file.found, names),
  );
}

/** Return the state, the title and the sentences of a file; nothing points at a hand for a file that no entry states. */
function judged({ name, found, open, isBundle: bundle }, names) {
  if (!found) return ['open', 'file-not-compared', [say(['file-not-compared-why'])]];
  const { verdict, equal, differs, first, given, reported, changed, unread, replaced } = found;
  const unreadable = [
    unread.length ? [say(['file-unread']), ...places(unread, names), '.'] : null,
    open.length ? say(['file-uncomputed', open.join(', ')]) : null,
  ].filter((each) => each);
  const withdrawn = replaced.length ? [[say(['file-replaced']), ...places(replaced, names), '.']] : [];
  if (verdict === 'equal') {
    const at = changed ? [changedAt(changed, names)] : differs.length ? [say(['file-differs'])] : [];
    const heading = given ? 'file-same' : reported ? 'file-same-reported' : 'file-same-not-given';
    return [given ? 'same' : 'open', heading, [stating(given ?? reported ?? first, names, given ?? reported), ...at, ...withdrawn]];
  }
  if (equal.length) {
    return ['other', 'file-became', [stating(equal[0], names, given ?? reported), ...givenOtherwise(differs, names), ...withdrawn]];
  }
  if (verdict === 'differs') {
    const says = [...givenOtherwise(differs, names), say(['file-other-means']), ...unreadable, ...withdrawn];
    return ['other', unreadable.length ? 'file-other-here' : 'file-other', says];
  }
  if (unreadable.length) return ['open', 'file-open', [...unreadable, say(['file-open-means']), ...withdrawn]];
  return ['other', 'file-unknown', [say(['file-unknown-means', name]), bundle ? say(['file-is-bundle']) : null, ...withdrawn].filter((each) => each)];
}

/** Say who stated a digest, in which entry, and when; of a report also who reports. */
const stating = (entry, names, handover) => [
  say([entry === handover ? 'file-given' : 'file-stated']),
  names.office(entry.actor),
  entry.by === entry.actor ? '' : [say(['file-reporter']), names.office(entry.by)],
  say(['file-on', entry.on]),
  ...places([entry], names),
  '.',
];

/** Say which disclosure, else which entry, states another digest of a file of this name or exhibit. */
function givenOtherwise(differs, names) {
  const [other] = [...differs.filter(({ kind }) => GIVEN.includes(kind)), ...differs];
  if (!other) return [];
  const says = GIVEN.includes(other.kind) ? 'file-given-otherwise' : 'file-stated-otherwise';
  return [[say([says]), names.office(other.actor), say(['file-on', other.on]), ...places([other], names), '.']];
}

function changedAt(entry, names) {
  const [from, to] = ['released_by', 'received_by'].map((field) => entry.get(field));
  const hands = from && to ? [say(['file-from']), names.office(from), say(['file-to']), names.office(to)] : [];
  return [say(['file-changed']), ...places([entry], names), ', ', written(entry.on, languageOf()), ...hands, '. ', say(['file-changed-means'])];
}

const places = (entries, names) =>
  entries.flatMap((entry, n) => [n ? ', ' : '', make('a', { href: `#entry-${entry.index}` }, names.place(entry))]);

/** Show every entry that states this digest or another one of the same item. */
function rests(found, names) {
  const rows = [...(found?.equal ?? []).map((e) => [e, 'digest-same']), ...(found?.differs ?? []).map((e) => [e, 'digest-other'])];
  if (!rows.length) return null;
  const headings = ['digest-when', 'digest-who', 'digest-what', 'digest-says'].map((heading) => say([heading]));
  const sorted = rows.sort(([a], [b]) => (a.on < b.on ? -1 : a.on > b.on ? 1 : a.index - b.index));
  const cells = ([entry, says]) => [
    [written(entry.on, languageOf())],
    [names.office(entry.actor)],
    [foreign(entry.kind), ' (', ...places([entry], names), ')'],
    [make('strong', {}, say([says]))],
  ];
  return make(
    'details',
    {},
    make('summary', {}, say(['digest-rows', rows.length])),
    grid(say(['digest-caption']), headings, sorted.map((row) => make('tr', { class: row[1] }, cells(row).map((cell) => make('td', {}, ...cell))))),
  );
}

/** Return the answer of each file as one sentence, for screen readers. */
export const fileStates = (compared, report) =>
  compared.map((file) => {
    const [state, title] = judged(file, NO_NAMES);
    return `${visible(file.name)}${say(['colon'])}${say([state === 'same' && report.verdict !== 'TOTAL-PASSED' ? 'file-same-unproven' : title])}`;
  });

const NO_NAMES = { office: (actor) => actor, place: ({ seq }) => String(seq) };
