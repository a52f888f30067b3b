/** Show which sealed values are not opened in this bundle, and why: the list that its maker signed. */
import { foreign, grid, make } from './dom.mjs';
import { labelOf } from './fields.mjs';
import { say } from './texts.mjs';

/** Create the section; null where the record was not proven to be what it says. */
export function withheld({ known, manifest }, names) {
  if (!known || !manifest) return null;
  const { withheld: listed, withheld_count: count } = manifest;
  const none = Number(count) ? 'withheld-unsaid' : 'withheld-none';
  return [
    make('h3', { id: 'withheld-title' }, say(['withheld-title'])),
    listed.length ? table(listed, known, names) : make('p', {}, say([none, count])),
  ];
}

/** Return in a line how many sealed values are not opened, as a text; null where that is not known. */
export function keptClosed({ known, manifest }) {
  if (!known || !manifest) return null;
  const count = Number(manifest.withheld_count);
  return count ? ['withheld-caption', count] : ['withheld-none'];
}

function table(listed, { all }, names) {
  const kinds = new Map(all.map(({ index, kind }) => [String(index), kind]));
  const entry = (index) =>
    kinds.has(String(index))
      ? [make('a', { href: `#entry-${index}` }, say(['entry-link', index])), ' ', make('span', { lang: 'en' }, kinds.get(String(index)))]
      : String(index);
  const made = grid(
    say(['withheld-caption', listed.length]),
    ['withheld-entry', 'withheld-field', 'withheld-why'].map((heading) => say([heading])),
    listed.map(({ index, field, why }) =>
      make(
        'tr',
        {},
        make('td', {}, entry(index)),
        make('td', {}, foreign(labelOf(field, names))),
        make('td', {}, say([`withheld-${why}`])),
      ),
    ),
  );
  made.setAttribute('class', 'withheld');
  return made;
}
