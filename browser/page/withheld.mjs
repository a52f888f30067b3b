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
  const entries = new Map(all.map((entry) => [String(entry.index), entry]));
  const told = (entry) => [foreign(names.sentence(entry)), ' ', make('a', { href: `#entry-${entry.index}` }, names.place(entry))];
  const about = (index) => (entries.has(String(index)) ? told(entries.get(String(index))) : say(['entry-link', index]));
  const made = grid(
    say(['withheld-caption', listed.length]),
    ['withheld-entry', 'withheld-field', 'withheld-why'].map((heading) => say([heading])),
    listed.map(({ index, field, why }, n) => {
      const first = String(index) !== String(listed[n - 1]?.index);
      const rowspan = listed.filter((each) => String(each.index) === String(index)).length;
      const cells = [make('td', {}, foreign(labelOf(field, names))), make('td', {}, say([`withheld-${why}`]))];
      return make('tr', {}, first ? make('td', { rowspan }, about(index)) : null, cells);
    }),
  );
  made.setAttribute('class', 'withheld');
  return made;
}
