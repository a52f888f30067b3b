/** Elements of the page. Whatever comes from a bundle becomes text, never markup. */
import { inParts } from '../check/characters.mjs';

/** An element with attributes and children; a child that is null is left out, a string becomes text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null));
  return element;
}

/** Rows of two cells, the first of them naming the second; a row whose second is null is left out. */
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

/** A table with a row of headings. */
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

/** A text from a bundle: set apart from the direction of the text around it, with what nobody sees named in it. */
export const foreign = (text) =>
  make(
    'bdi',
    {},
    inParts(text).map(([words, named]) => (named ? make('span', { class: 'joiner' }, words) : words)),
  );
