/** What a verification leaves open: whether something is missing, and what it cannot show. */
import { make } from './dom.mjs';
import { coded, say } from './texts.mjs';

const COMMITTED = ['unproven-committed', 'unproven-audited'];
const BEHIND = 'unproven-behind'; // the next ones are about what came later
const ALONE = ['unproven-not-committed', 'unproven-order', 'unproven-orders', 'unproven-register'];
const OF_THE_END = new Set([...COMMITTED, BEHIND, ...ALONE]);

/** Return whether something is missing, as a text; null for what is no order: an exhibit, or a proof of absence. */
export function missing({ verdict, notProven }) {
  const keys = new Set(notProven.map(([key]) => key));
  if (verdict !== 'TOTAL-PASSED') return [...OF_THE_END].some((key) => keys.has(key)) ? ['missing-open'] : null;
  if (COMMITTED.some((key) => keys.has(key))) return [keys.has(BEHIND) ? 'missing-behind' : 'missing-none'];
  return keys.has('unproven-not-committed') ? ['missing-unsaid'] : null;
}

/** Create the two sections, each sentence with its code behind it. */
export function limits(report) {
  const ends = report.notProven.filter(([key]) => OF_THE_END.has(key));
  const others = shownOpen(report);
  const title = (id) => make('h3', { id }, say([id]));
  return [
    ends.length ? [title('missing-title'), make('p', {}, say(missing(report))), listed(ends)] : null,
    others.length ? [title('cannot-title'), listed(others)] : null,
  ];
}

/** Return the texts on what this cannot show, but for what may be missing. */
export const shownOpen = ({ notProven }) => notProven.filter(([key]) => !OF_THE_END.has(key));

const listed = (texts) =>
  make(
    'ul',
    {},
    texts.map((text) => {
      const [sentence, code] = coded(text);
      return make('li', {}, sentence, code ? [' ', make('code', { class: 'aside' }, code)] : '');
    }),
  );
