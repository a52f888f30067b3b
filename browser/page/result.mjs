/** Show the result: two lines, reasons, what is not proven, what was checked, and the entries. */
import { bySize } from '../check/formats/bytes.mjs';
import { wire } from '../check/shape.mjs';
import { vocabulary } from '../vocabulary.mjs';
import { bullets, foreign, grid, make, twoColumns } from './dom.mjs';
import { audits } from './audits.mjs';
import { evidence, fileStates } from './evidence.mjs';
import { makersStatement, statesViolation } from './makers.mjs';
import { Names, dated } from './names.mjs';
import { recordOf } from './record.mjs';
import { say, stepName } from './texts.mjs';

/** Return the two lines as one sentence, for screen readers. */
export const spoken = (report, files) =>
  [say(['spoken', integrityOf(report), [report.known ? 'not-judged' : 'not-examined']]), ...fileStates(files, report)].join(' ');

/** Create the elements of a result. `circumstances` names what was compared, and the tools. */
export function result(report, circumstances, files) {
  const names = new Names(report);
  const statement = makersStatement(report, names);
  const first = statesViolation(report); // a violation is seen before the frame of the verdict
  return [
    make('h2', { id: 'result-title', tabindex: '-1' }, titleOf(report, names)),
    subject(report, names),
    report.manifest?.test ? make('p', { class: 'problem' }, say(['test-ledger'])) : null,
    first ? statement : null,
    verdict(report),
    report.says ? make('p', { class: 'says' }, say(report.says)) : null,
    evidence(files, report, names),
    first ? null : statement,
    circumstances.paper ? make('p', { class: 'paper' }, make('strong', {}, say(['pdf-inside']))) : null,
    part('reasons-title', report.reasons.map(reason)),
    part(
      'not-proven-title',
      report.notProven.map((text) => say(text)),
    ),
    part('audits-title', audits(report)),
    make('p', {}, printButton()),
    make('h2', {}, say(['checked-title'])),
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
    [say(['subject-issued']), dated(issued.on)],
  ]);
}

const authorities = ({ authorities: all }) =>
  all.length
    ? bullets(all.map(([name, digest]) => [foreign(name), say(['authority-digest']), make('code', {}, digest)]))
    : make('code', {}, say(['nothing']));

const integrityOf = ({ verdict: word, reasons: [first] }) => (first ? `${word} ${first.code}` : word);

function verdict(report) {
  const name = report.verdict.toLowerCase();
  const examined = report.known ? 'not-judged' : 'not-examined';
  return make(
    'dl',
    { class: `verdict ${name}` },
    make('dt', {}, say(['integrity'])),
    make('dd', {}, make('strong', { class: 'integrity', id: 'integrity' }, integrityOf(report))),
    make('dd', {}, say([`${name}-means`])),
    make('dt', {}, say(['procedure'])),
    make('dd', {}, make('strong', { id: 'procedure' }, say([examined]))),
    make('dd', {}, say([report.known && !report.remarks.length ? 'not-judged-none' : `${examined}-means`, report.remarks.length])),
    report.known ? make('dd', {}, say(['law-by']), make('code', {}, 'comity verify BUNDLE --trust FOLDER')) : null,
  );
}

const reason = ({ code, where, says }) => [
  make('strong', {}, code),
  where ? [' ', make('code', {}, foreign(where))] : '',
  say(['colon']) + say(says),
  code === 'NO_TRUST_ANCHOR' ? `. ${say(['give-trust'])}` : '',
];

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
  const about = (codes, code) => (codes[code] ? `${codes[code]} (${code})` : code);
  const table = twoColumns(say(['claims-title']), [
    [say(['claim-instrument']), instrument ? about(vocabulary.instruments, instrument) : null],
    [say(['claim-audience']), about(vocabulary.roles, manifest.audience)],
    [say(['claim-purpose']), foreign(manifest.purpose)],
    [say(['claim-basis']), manifest.legal_basis.length ? foreign(manifest.legal_basis.join(', ')) : null],
    [
      say(['claim-maker']),
      [names.office(actor), say(['of-party']), names.party(party), say(['as-role', vocabulary.roles[role] ?? role])],
    ],
    [say(['claim-made-at']), say(['claimed', manifest.made_at])],
    [say(['claim-log']), make('code', {}, origin)],
    [say(['claim-size']), String(size)],
    [say(['claim-head']), headSeen === null ? say(['head-undated']) : wire(Math.floor(headSeen))],
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
