/**
 * The evidence bundle that a report on paper carries inside it (cli/attached.py): a file is taken out, nothing is judged.
 *
 * Read is what typst writes: one revision, one classic table of objects, files stored or deflated (ISO 32000-2, 7.5.4,
 * 7.11.4). Another program may have written the PDF anew; then its own tools take the file out.
 */
import { concat, latin1 } from './bytes.mjs';

const LARGEST = 512 * 2 ** 20; // bytes, of all embedded files together
const FILES = 64; // embedded files, of which one may be a bundle
const MOST = 100_000; // objects
const ROW = 20; // bytes of a line of the table
const HEAD = 4_096; // bytes in which the dictionary of a stream ends
const PIECE = 2 ** 20; // bytes, searched at a time
const SIP = 4_096; // bytes, unfolded at a time

export const isPdf = (data) => latin1(data.subarray(0, 5)) === '%PDF-';

/**
 * The one ZIP archive embedded in a PDF; null if there is none, or several, or it is not read here.
 *
 * Objects of the file may overlap, and each may unfold into anything: too many of them, or too much, is read as none.
 */
export async function bundleInside(pdf) {
  const streams = objects(pdf).map((offset) => embedded(pdf, offset)).filter((stream) => stream);
  const archives = [];
  let left = LARGEST;
  for (const stream of streams.length <= FILES ? streams : []) {
    const [file, size] = await plain(stream, left);
    left -= size;
    if (left < 0) return null;
    if (file && latin1(file.subarray(0, 2)) === 'PK') archives.push(file);
  }
  return archives.length === 1 ? archives[0] : null;
}

/** Where the objects in use begin, as the one table of the file says; none if it has another form. */
function objects(pdf) {
  const end = /startxref\r?\n(\d{1,10})\r?\n%%EOF\s*$/.exec(latin1(pdf.subarray(-1_024)));
  const start = end ? Number(end[1]) : pdf.length;
  const head = /^xref\r?\n0 (\d{1,6})\r?\n/.exec(latin1(pdf.subarray(start, start + 40)));
  const count = head ? Number(head[1]) : 0;
  const from = start + (head?.[0].length ?? 0);
  if (!count || count > MOST || hasPrevious(pdf.subarray(from + count * ROW))) return [];
  const rows = latin1(pdf.subarray(from, from + count * ROW));
  const offsets = Array.from({ length: count }, (_, n) => /^(\d{10}) \d{5} n/.exec(rows.slice(n * ROW, n * ROW + ROW)));
  return offsets.filter((row) => row).map(([, offset]) => Number(offset));
}

/** Whether anything behind the table speaks of an earlier one; looked at piece by piece, for it may be the whole file. */
function hasPrevious(tail) {
  for (let at = 0; at < tail.length; at += PIECE) {
    const found = latin1(tail.subarray(at, at + PIECE + 5)).search(/\/Prev\b/); // 5: the word, and what ends it
    if (found >= 0 && found < PIECE) return true;
  }
  return false;
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

/**
 * The bytes of a stream, and how many it took to know them; null for another filter than Flate, and for what is damaged
 * or more than are `left`.
 */
async function plain({ content, filter }, left) {
  if (filter === '') return [content, content.length];
  if (filter !== '/FlateDecode') return [null, 0];
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of pieces(inSips(content).pipeThrough(new DecompressionStream('deflate')))) {
      size += chunk.length;
      if (size > left) return [null, size];
      chunks.push(chunk);
    }
  } catch {
    return [null, size];
  }
  return [concat(...chunks), size];
}

/** Bytes as a stream of small parts: a browser unfolds whatever it is given at once, and that is a thousand times as much. */
function inSips(content) {
  let at = 0;
  const pull = (stream) => {
    if (at < content.length) stream.enqueue(content.slice(at, (at += SIP)));
    else stream.close();
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
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
