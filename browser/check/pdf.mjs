/**
 * The evidence bundle that a report on paper carries inside it (cli/attached.py): a file is taken out, nothing is judged.
 *
 * Read is what typst writes: one revision, one classic table of objects, files stored or deflated (ISO 32000-2, 7.5.4,
 * 7.11.4). Another program may have written the PDF anew; then its own tools take the file out.
 */
import { concat, latin1 } from './bytes.mjs';

const LARGEST = 512 * 2 ** 20; // bytes, of the file taken out
const MOST = 100_000; // objects
const ROW = 20; // bytes of a line of the table
const HEAD = 4_096; // bytes in which the dictionary of a stream ends

export const isPdf = (data) => latin1(data.subarray(0, 5)) === '%PDF-';

/** The one ZIP archive embedded in a PDF; null if there is none, or several, or it is not read here. */
export async function bundleInside(pdf) {
  const found = [];
  for (const offset of objects(pdf)) {
    const file = embedded(pdf, offset);
    if (file) found.push(file);
  }
  const files = await Promise.all(found.map(plain));
  const archives = files.filter((file) => file && latin1(file.subarray(0, 2)) === 'PK');
  return archives.length === 1 ? archives[0] : null;
}

/** Where the objects in use begin, as the one table of the file says; none if it has another form. */
function objects(pdf) {
  const end = /startxref\r?\n(\d{1,10})\r?\n%%EOF\s*$/.exec(latin1(pdf.subarray(-1_024)));
  const start = end ? Number(end[1]) : pdf.length;
  const head = /^xref\r?\n0 (\d{1,6})\r?\n/.exec(latin1(pdf.subarray(start, start + 40)));
  const count = head ? Number(head[1]) : 0;
  const from = start + (head?.[0].length ?? 0);
  if (!count || count > MOST || /\/Prev\b/.test(latin1(pdf.subarray(from + count * ROW)))) return [];
  const rows = latin1(pdf.subarray(from, from + count * ROW));
  const offsets = Array.from({ length: count }, (_, n) => /^(\d{10}) \d{5} n/.exec(rows.slice(n * ROW, n * ROW + ROW)));
  return offsets.filter((row) => row).map(([, offset]) => Number(offset));
}

/** The stream of an embedded file that begins at `offset`; null for any other object. */
function embedded(pdf, offset) {
  const head = /^\d+ \d+ obj\s*<<([^]*?)>>\s*stream\r?\n/.exec(latin1(pdf.subarray(offset, offset + HEAD)));
  if (!head || head[1].includes('endobj') || !/\/Type\s*\/EmbeddedFile\b/.test(head[1])) return null;
  const length = Number(/\/Length (\d{1,10})(?! \d+ R)/.exec(head[1])?.[1] ?? NaN);
  const begin = offset + head[0].length;
  const content = pdf.subarray(begin, begin + length);
  const closed = /^\r?\n?endstream/.test(latin1(pdf.subarray(begin + length, begin + length + 12)));
  const filter = /\/Filter\s*(\[[^\]]*\]|\/\w+)/.exec(head[1])?.[1].replace(/[[\]\s]/g, '') ?? '';
  return content.length === length && closed ? { content, filter } : null;
}

/** The bytes of a stream; null for another filter than Flate, and for what is damaged or too large. */
async function plain({ content, filter }) {
  if (filter === '') return content;
  if (filter !== '/FlateDecode') return null;
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of pieces(new Blob([content]).stream().pipeThrough(new DecompressionStream('deflate')))) {
      size += chunk.length;
      if (size > LARGEST) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return concat(...chunks);
}

/** What a stream gives, piece by piece; left early, it is cancelled. */
async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}
