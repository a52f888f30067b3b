/** Elements of the page. Text from a bundle is inserted as text, never as markup. */
import { inParts } from '../check/formats/characters.mjs';

/** Create an element with attributes and children; null is left out, a string becomes text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null));
  return element;
}

/** Create a table of names and values; a row whose value is null is left out. */
export const twoColumns = (name, rows) =>
  make(
    'table',
    { class: 'facts' },
    make('caption', {}, name),
    make(
      'tbody',
      {},
      rows
        .filter(([, value]) => value !== null)
        .map(([label, value]) => make('tr', {}, make('th', { scope: 'row' }, label), make('td', {}, value))),
    ),
  );

/** Create a table with a row of headings. */
export const grid = (name, headings, rows) =>
  make(
    'table',
    {},
    make('caption', {}, name),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        headings.map((heading) => make('th', { scope: 'col' }, heading)),
      ),
    ),
    make('tbody', {}, rows),
  );

export const bullets = (items) =>
  make(
    'ul',
    { class: 'plain' },
    items.map((item) => make('li', {}, item)),
  );

/** Create an element for a text from a bundle: its direction is isolated, and invisible characters are named. */
export const foreign = (text) =>
  make(
    'bdi',
    {},
    inParts(text).map(([words, named]) => (named ? make('span', { class: 'joiner' }, words) : words)),
  );
