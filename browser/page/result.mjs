/** Show the result: two lines, reasons, what is not proven, what was checked, and the entries. */
import { bySize } from '../check/formats/bytes.mjs';
import { wire } from '../check/shape.mjs';
import { TYPED } from '../check/verify/history/anchors.mjs';
import { bullets, foreign, grid, make, twoColumns } from './dom.mjs';
import { audits } from './audits.mjs';
import { evidence, fileStates } from './evidence.mjs';
import { limits, missing, shownOpen } from './limits.mjs';
import { makersStatement, statesViolation } from './makers.mjs';
import { written } from './moments.mjs';
import { Names } from './names.mjs';
import { askedAndCame, recordOf } from './record.mjs';
import { languageOf, say, stepName } from './texts.mjs';
import { keptClosed, withheld } from './withheld.mjs';

/** Return the two lines as one sentence, for screen readers. */
export const spoken = (report, files) =>
  [say(['spoken', integrityOf(report), [report.known ? 'not-judged' : 'not-examined']]), ...fileStates(files, report)].join(' ');

/** Create the elements of a result. `circumstances` names what was compared, and the tools. */
export function result(report, circumstances, files) {
  const names = new Names(report);
  const statement = makersStatement(report, names);
  const first = statesViolation(report); // a violation is the first line of the verdict, and its statement follows
  return [
    make('h2', { id: 'result-title', tabindex: '-1' }, titleOf(report, names)),
    report.manifest?.test ? make('p', { class: 'problem' }, say(['test-ledger'])) : null,
    verdict(report, circumstances, files),
    report.says ? make('p', { class: 'says' }, say(report.says)) : null,
    contradiction(report),
    subject(report, names),
    askedAndCame(report, names),
    evidence(files, report, names),
    first ? statement : null,
    circumstances.paper ? make('p', { class: 'paper' }, make('strong', {}, say(['pdf-inside']))) : null,
    part('reasons-title', report.reasons.map(reason)),
    withheld(report, names),
    limits(report),
    first ? null : statement,
    part('audits-title', audits(report)),
    make('p', {}, printButton()),
    make('h2', { class: 'later' }, say(['checked-title'])),
    twoColumns(say(['circumstances-title']), [
      [say(['bundle-file']), foreign(circumstances.name)],
      [say(['bundle-digest']), make('code', {}, circumstances.digest)],
      [say(['paper-digest']), circumstances.paper && make('code', {}, circumstances.paper)],
      [say(['held-other']), circumstances.other && foreign(circumstances.other)],
      [say(['checked-at']), say(['by-this-clock', wire(circumstances.now)])],
      [say(['held-policy']), make('code', {}, circumstances.policy ?? say(['nothing']))],
      [say(['held-registrar']), make('code', {}, circumstances.registrar ?? say(['nothing']))],
      [say(['held-folder']), circumstances.folder && make('code', {}, circumstances.folder)],
      [say(['held-anchor']), make('code', {}, circumstances.anchor ?? say(['nothing']))],
      [say(['came-legend']), circumstances.came && say([`came-by-${circumstances.came}`])],
      [say(['held-authorities']), authorities(circumstances)],
      [say(['signatures-by']), say([circumstances.native ? 'ed25519-twice' : 'ed25519-once'])],
    ]),
    report.steps.length ? steps(report.steps) : null,
    report.manifest && report.head ? claims(report, names) : null,
    report.known || report.remarks.length ? [make('h2', {}, say(['findings-title'])), findings(report)] : null,
    report.known ? make('h2', {}, say(['record-title'])) : null,
    report.known ? [make('p', {}, say(['record-lead'])), make('p', {}, say(['record-words'])), recordOf(report, names)] : null,
  ];
}

/** Return the title: the reference of the order, else its case number, where the record was proven to be what it says. */
const titleOf = (report, { reference, caseNumber }) =>
  report.known && (reference ?? caseNumber) ? [say(['result-of']), foreign(reference ?? caseNumber)] : say(['result-title']);

/** Say whose order this is, in names. */
function subject({ known, manifest }, names) {
  if (!known) return null;
  const issued = known.own.find(({ kind, order }) => kind === 'order-issued' && order === manifest.order);
  if (!issued) return null;
  const value = (name) => issued.public.get(name) ?? issued.values.get(name) ?? null;
  const providers = value('providers') ?? [];
  const [from, to] = ['from_party', 'to_party'].map(value);
  return twoColumns(say(['subject-title']), [
    [say(['subject-case']), names.caseNumber && foreign(names.caseNumber)],
    [say(['subject-office']), [names.office(value('issuing_authority') ?? issued.whose ?? issued.signer.actor), from && [', ', names.party(from)]]],
    [say(['subject-provider']), providers.length ? providers.map((actor, n) => [n ? ', ' : '', names.office(actor)]) : null],
    [say(['subject-party']), to && names.party(to)],
    [say(['subject-issued']), written(issued.on, languageOf())],
  ]);
}

const authorities = ({ authorities: all }) =>
  all.length
    ? bullets(all.map(([name, digest]) => [foreign(name), say(['authority-digest']), make('code', {}, digest)]))
    : make('code', {}, say(['nothing']));

const integrityOf = ({ verdict: word, reasons: [first] }) => (first ? `${word} ${first.code}` : word);

/** Create the five answers: genuine, this file, missing, kept closed, open; a violation that the maker states is first. */
function verdict(report, circumstances, files) {
  const name = report.verdict.toLowerCase();
  const examined = report.known ? 'not-judged' : 'not-examined';
  return make(
    'dl',
    { class: `verdict ${name}` },
    statesViolation(report) ? [make('dt', {}, say(['makers-title'])), make('dd', {}, violations(report))] : null,
    make('dt', {}, say(['integrity'])),
    make('dd', {}, make('strong', { class: 'integrity', id: 'headline' }, say(headline(report)))),
    make('dd', {}, make('code', { class: 'aside', id: 'integrity' }, integrityOf(report))),
    asksHow(report) ? make('dd', {}, make('a', { href: '#came-legend' }, say(['say-came']))) : null,
    compared(report, circumstances),
    files.length ? [make('dt', {}, say(['files-title'])), fileStates(files, report).map((says) => make('dd', {}, make('strong', {}, says)))] : null,
    answers(report),
    make('dt', {}, say(['procedure'])),
    make('dd', { id: 'procedure' }, say([examined])),
    make('dd', { class: 'aside' }, say([report.known && !report.remarks.length ? 'not-judged-none' : `${examined}-means`, report.remarks.length])),
    report.known ? make('dd', { class: 'aside' }, say(['law-by']), make('code', {}, 'comity verify BUNDLE --trust FOLDER')) : null,
  );
}

const violations = ({ makers: { findings } }) =>
  make('a', { class: 'violation', href: '#makers-title' }, say(['makers-violations', findings.filter(({ level }) => level === 'V').length, findings.length]));

/** Answer in a line each whether something is missing, what is kept closed, and what is open; the lists are below. */
function answers(report) {
  const gone = missing(report);
  const closed = keptClosed(report);
  const open = shownOpen(report).length;
  return [
    gone ? [make('dt', {}, say(['missing-title'])), make('dd', {}, make('a', { href: '#missing-title', id: 'missing' }, say(gone)))] : null,
    closed ? [make('dt', {}, say(['withheld-title'])), make('dd', {}, make('a', { href: '#withheld-title', id: 'withheld' }, say(closed)))] : null,
    open ? [make('dt', {}, say(['cannot-title'])), make('dd', {}, make('a', { href: '#cannot-title', id: 'cannot' }, say(['cannot-points', open])))] : null,
  ];
}

const OF_ANOTHER_LOG = ['trust-other', 'trust-other-record', 'anchor-other', 'anchor-other-record'];

/** Return the verdict as a text, as `comity verify` says it. */
export function headline({ verdict: word, reasons }) {
  const [first] = reasons;
  if (word === 'INDETERMINATE' && first.code === TYPED) return ['typed-means'];
  if (word === 'INDETERMINATE' && OF_ANOTHER_LOG.includes(first.says[0])) return first.says;
  if (word === 'INDETERMINATE' && reasons.every(({ code }) => code === 'NO_TRUST_ANCHOR')) return ['alone-means'];
  return [`${word.toLowerCase()}-means`];
}

/** Return true if the first thing to do is to say how the trust came. */
const asksHow = ({ reasons: [first] }) => first?.says[0] === 'came-unsaid';

/** Offer the two signed states that contradict each other as one file. */
function contradiction({ exhibit }) {
  if (!exhibit) return null;
  const href = `data:application/json,${encodeURIComponent(exhibit)}`;
  const link = make('a', { href, download: 'contradiction.split-view.json', id: 'exhibit' }, say(['exhibit-save']));
  return make('p', {}, say(['exhibit-shows']), ' ', link);
}

const GROUP = 22; // letters of a root in a line

/** Show a typed root and that of the bundle under each other, and let the reader say that it is printed so. */
function compared({ compared: roots }, { printed }) {
  if (!roots) return null;
  const { typed, here, letters } = roots;
  const part = (root, from) =>
    [...root.slice(from, from + GROUP)].map((letter, n) => (letters.includes(from + n + 1) ? make('mark', {}, letter) : letter));
  const rows = [0, GROUP].flatMap((from) =>
    [
      ['compared-typed', typed],
      ['compared-here', here],
    ].map(([name, root]) => [make('dt', {}, say([name])), make('dd', {}, make('code', {}, part(root, from)))]),
  );
  const button = make('button', { type: 'button', class: 'govuk-button govuk-button--secondary', id: 'printed' }, say(['compared-printed']));
  button.addEventListener('click', printed);
  const letter = make('p', {}, say(['compared-letters', letters.join(', ')]));
  return make('dd', {}, letter, make('dl', { class: 'compared' }, rows), make('p', {}, button));
}

const reason = ({ code, where, says }) => [
  make('strong', {}, code),
  where ? [' ', make('code', {}, foreign(where))] : '',
  say(['colon']) + say(says),
  code === 'NO_TRUST_ANCHOR' ? `. ${say([MORE[says[0]] ?? 'give-trust'])}` : '',
];

/** What to do about a lack, by its text. */
const MORE = { 'came-with': 'give-trust-apart', 'came-unsaid': 'say-came' };

const part = (title, items) => (items.length ? [make('h3', {}, say([title])), bullets(items)] : null);

function printButton() {
  const button = make('button', { type: 'button', class: 'govuk-button govuk-button--secondary' }, say(['print']));
  button.addEventListener('click', () => print());
  return button;
}

const steps = (all) =>
  grid(
    say(['steps-title']),
    ['step-number', 'step-what', 'step-result', 'step-says'].map((heading) => say([heading])),
    all.map(({ number, result, says }) =>
      make(
        'tr',
        { class: result.replace(' ', '-') },
        make('td', { class: 'number' }, String(number)),
        make('td', { class: 'what' }, stepName(number)),
        make('td', { class: 'result' }, say([resultOf(result, says)])),
        make('td', {}, say(says)),
      ),
    ),
  );

/** Step 7 passes without certificates, since tokens cannot fail a bundle; say that none was checked. */
const resultOf = (result, says) => (says?.[0] === 'tokens' ? 'result-aside' : `result-${result.replace(' ', '-')}`);

function claims({ manifest, head, headSeen, known }, names) {
  const { actor, party, role } = manifest.signer;
  const { origin, size, root } = head.checkpoint;
  const instrument = known?.own.find((entry) => entry.instrument)?.instrument;
  const about = (table, code) => {
    const words = names.language.word(table, code);
    return words ? `${words} (${code})` : foreign(code);
  };
  const table = twoColumns(say(['claims-title']), [
    [say(['claim-instrument']), instrument ? about('instruments', instrument) : null],
    [say(['claim-audience']), about('roles', manifest.audience)],
    [say(['claim-purpose']), about('purposes', manifest.purpose)],
    [say(['claim-basis']), manifest.legal_basis.length ? foreign(manifest.legal_basis.join(', ')) : null],
    [
      say(['claim-maker']),
      [names.office(actor), say(['of-party']), names.party(party), say(['as-role', names.language.word('roles', role) ?? role])],
    ],
    [say(['claim-made-at']), say(['claimed', manifest.made_at])],
    [say(['claim-log']), make('code', {}, origin)],
    [say(['claim-size']), String(size)],
    [say(['claim-head']), headSeen === null ? say(['head-undated']) : written(wire(Math.floor(headSeen)), languageOf())],
    [say(['claim-root']), make('code', {}, btoa(String.fromCharCode(...root)))],
    [say(['claim-tool']), foreign(manifest.tool)],
  ]);
  return [table, known ? ids(manifest, names) : null];
}

/** Show the ids behind the names. */
const ids = ({ order }, names) =>
  make(
    'details',
    {},
    make('summary', {}, say(['ids-title'])),
    make('p', {}, say(['claim-order']), say(['colon']), make('code', {}, order)),
    grid(
      say(['ids-caption']),
      ['id-name', 'id-id', 'id-party'].map((heading) => say([heading])),
      names.all().map(([name, id, party]) =>
        make('tr', {}, make('td', {}, name), make('td', {}, make('code', {}, foreign(id))), make('td', {}, party)),
      ),
    ),
  );

function findings({ remarks, known }) {
  if (!remarks.length) return make('p', {}, say(['findings-none']));
  const places = new Map((known?.all ?? []).map(({ leaf, index }) => [leaf, index]));
  return grid(
    say(['findings-caption']),
    ['finding-code', 'finding-says', 'finding-entries'].map((heading) => say([heading])),
    remarks.map(({ code, says, entries }) => {
      const indexes = entries
        .filter((leaf) => places.has(leaf))
        .map((leaf) => places.get(leaf))
        .sort(bySize);
      const links = indexes.map((n, place) => [
        place ? ', ' : '',
        make('a', { href: `#entry-${n}` }, say(['entry-link', n])),
      ]);
      return make('tr', {}, make('td', {}, code), make('td', {}, say(says)), make('td', {}, links));
    }),
  );
}
