/** What the maker of the bundle says it found: its signed statement, under its name, never a verdict of this page. */
import { foreign, make, twoColumns } from './dom.mjs';
import { written } from './moments.mjs';
import { Language } from './sentences/language.mjs';
import { languageOf, say } from './texts.mjs';

const LEVELS = ['V', 'W', 'G']; // gravest first
const [SHOWN, LONGEST] = [10, 600]; // findings, and characters of one; further and longer ones are folded away

/** Return whether the maker states a violation. */
export const statesViolation = ({ makers }) => Boolean(makers?.findings.some(({ level }) => level === 'V'));

/** Create the statement of the maker; null where no bundle was proven so far that it is known whose statement it is. */
export function makersStatement({ makers, manifest, known }, names) {
  if (!makers) return null;
  const { actor, party } = manifest.signer;
  const maker = [names.office(actor), say(['of-party']), names.party(party)];
  const leaves = new Map(known.all.map((entry) => [entry.leaf, entry]));
  const violations = makers.findings.filter(({ level }) => level === 'V').length;
  return make(
    'section',
    { class: violations ? 'makers violation' : 'makers', 'aria-labelledby': 'makers-title' },
    make('h2', { id: 'makers-title' }, say(['makers-title'])),
    make('p', {}, make('strong', { id: 'makers' }, headline(makers, violations))),
    make('p', {}, maker, say([makers.state === 'stated' ? 'makers-signed' : 'makers-silent'])),
    listed(sorted(makers.findings), (finding) => one(finding, leaves, names)),
    makers.state === 'stated' ? circumstances(makers) : null,
  );
}

function headline({ state, findings }, violations) {
  if (state !== 'stated') return say([`makers-${state}`]);
  if (!findings.length) return say(['makers-nothing']);
  return say(violations ? ['makers-violations', violations, findings.length] : ['makers-found', findings.length]);
}

/** List findings; a maker that states much cannot hide the verdict below it. */
function listed(findings, row) {
  const list = (some) => (some.length ? make('ol', { class: 'plain' }, some.map(row)) : null);
  const shown = findings.filter(({ says, cite }) => [says, ...cite].join('').length <= LONGEST).slice(0, SHOWN);
  const others = findings.filter((finding) => !shown.includes(finding));
  const folded = others.length ? make('details', {}, make('summary', {}, say(['makers-others', others.length])), list(others)) : null;
  return [list(shown), folded];
}

const sorted = (findings) => LEVELS.flatMap((level) => findings.filter((one) => one.level === level));

function one({ code, level, says, cite, entries, more }, leaves, names) {
  const known = entries.map(({ leaf }) => leaves.get(leaf)).filter((entry) => entry);
  const links = known.map((entry, n) => [n ? ', ' : '', make('a', { href: `#entry-${entry.index}` }, names.place(entry))]);
  const rest = entries.length - known.length + more;
  return make(
    'li',
    {},
    make('strong', {}, say([`level-${level.toLowerCase()}`])),
    say(['colon']),
    ...rule(code, says, names.language),
    make('p', { class: 'govuk-hint' }, say(['makers-rests']), links.length ? links : say(['makers-rests-none']), rest ? say(['makers-more', rest]) : ''),
    make('p', { class: 'govuk-hint' }, code, cite.length ? [', ', foreign(cite.join(', '))] : ''),
  );
}

/** Return the sentence of the rule of a code in the language of the page, and the words of the maker where they differ. */
function rule(code, says, language) {
  const words = make('span', { lang: 'en' }, foreign(says));
  const ours = language.word('findings', code);
  if (!ours) return [words];
  return [ours, says === new Language('en').word('findings', code) ? '' : make('p', {}, say(['makers-words']), words)];
}

const circumstances = ({ as_of: asOf, rules }) =>
  make(
    'details',
    {},
    make('summary', {}, say(['makers-how'])),
    twoColumns(say(['makers-how']), [
      [say(['makers-as-of']), written(asOf, languageOf())],
      [say(['makers-rules']), make('code', {}, rules)],
    ]),
  );
