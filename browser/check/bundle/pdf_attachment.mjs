/**
 * Extract the evidence bundle from a PDF report, without judging it (ledger/bundle/pdf_attachment.py).
 *
 * The extracted file is the one that a PDF reader shows: the name tree leads to it. The reader accepts what typst
 * writes, and what signing, annotating or linearizing makes of it: classic cross-reference tables, the newest first, one
 * list of names in the catalogue, files stored or deflated (ISO 32000-2, 7.5.4, 7.5.6, 7.7.4, 7.11.4). No revision may
 * change an embedded file, or the set of embedded files. If anything else may be an embedded file, none is returned.
 * For a PDF that another program has rewritten, the reader needs other tools.
 */
import { concat, latin1 } from '../formats/bytes.mjs';

const LARGEST = 512 * 2 ** 20; // bytes, of all embedded files together
const FILES = 64; // embedded files, of which one may be a bundle
const MOST = 100_000; // objects, in all tables together
const TABLES = 32; // of objects: one for each revision, two of a linearized file
const STRUCTURE = 64 * 2 ** 20; // bytes of a paper outside its streams
const ROW = 20; // bytes of a line of the table
const HEAD = 4_096; // bytes in which the dictionary of a stream ends
const NAME = 4_096; // bytes of the name of an embedded file, as it is written
const SIP = 4_096; // bytes, inflated at a time

// White space of PDF; JavaScript's \s has more.
const SPACE = '[ \\t\\n\\v\\f\\r]*';
const pattern = (text, flags = '') => new RegExp(text.replaceAll('~', SPACE), flags);
const LIST = pattern('/Names~<<~/EmbeddedFiles~<<~/Names~\\[~', 'g');
const LIST_ENDS = pattern('\\]~>>~>>', 'y');
const HEX = new RegExp(`<[0-9A-Fa-f \\t\\n\\v\\f\\r]{0,${NAME}}>`, 'y');
const SIGN = /\\[^]|[()]/g;
const REFERENCE = pattern('~(\\d{1,6}) 0 R~', 'y');
const FILE = pattern('/EF~<<~/F (\\d{1,6}) 0 R~(?:/UF (\\d{1,6}) 0 R~)?>>', 'g');
const STREAM = pattern('^\\d+ 0 obj~<<([^]*?)>>~stream\\r?\\n');
const END = pattern('startxref\\r?\\n(\\d{1,10})\\r?\\n%%EOF~$');
const TRAILER = pattern('^~trailer~<<');
// The dictionary of an embedded file may have only these keys, so that no reader finds other bytes.
const EMBEDDED = pattern(
  '^(?:~(?:/Length \\d+|/Type~/EmbeddedFile|/Subtype~/[^ \\t\\n\\v\\f\\r/<>[\\]()%]+|/Params~<<[^<>]*>>' +
    '|/Filter~(?:\\[~/\\w+~\\]|/\\w+)))*~$',
);

export const isPdf = (data) => latin1(data.subarray(0, 5)) === '%PDF-';

/**
 * Return the only ZIP archive among the embedded files of a PDF; null if there is none, or several, or it is not read.
 *
 * Objects may overlap, and each may inflate to any size: for too many objects or bytes, null is returned.
 * So is a file that is not read here.
 */
export async function bundleInside(pdf) {
  const archives = [];
  let left = LARGEST;
  for (const { begin, end, dictionary } of embedded(pdf)) {
    const [file, size] = await plain(pdf.subarray(begin, end), dictionary, left);
    left -= size;
    if (left < 0 || !file) return null;
    if (latin1(file.subarray(0, 2)) === 'PK') archives.push(file);
  }
  return archives.length === 1 ? archives[0] : null;
}

/** Return the embedded files that the name tree leads to; none if the PDF may have others. */
function embedded(pdf) {
  const { offsets, trailer } = tables(pdf);
  const root = [...trailer.matchAll(/\/Root (\d{1,6}) 0 R/g)];
  if (root.length !== 1) return [];
  const sorted = [...new Set(offsets.values()), pdf.length].sort((a, b) => a - b);
  const ends = new Map(sorted.slice(1).map((end, n) => [sorted[n], end]));
  const streams = streamsOf(pdf, offsets, ends);
  const structure = outside(pdf, streams);
  if (structure === null) return [];
  const at = (number) => {
    if (streams.has(Number(number))) return '';
    const begin = offsets.get(Number(number)) ?? pdf.length;
    const end = Math.min(ends.get(begin) ?? begin, begin + STRUCTURE);
    return latin1(pdf.subarray(begin, end)).split('endobj')[0];
  };
  const names = listsIn(at(root[0][1]));
  if (names.length !== 1) return [];
  const [listed] = names;
  const places = listed.map((number) => [...at(number).matchAll(FILE)]);
  const leads = places.flat().filter(([, first, other]) => other === undefined || other === first);
  const files = new Set(leads.map(([, first]) => first));
  const named = [...files].filter((n) => streams.has(Number(n))).map((n) => streams.get(Number(n)));
  const text = spelt(structure);
  const everywhere = [...structure.matchAll(FILE)];
  const lists = listsIn(structure);
  const agree =
    new Set([named.length, places.length, countOf(text, /\/EmbeddedFile\b/g)]).size === 1 &&
    named.length <= FILES &&
    everywhere.length === countOf(text, /\/EF\b/g) &&
    same(everywhere.map(pairOf), leads.map(pairOf)) &&
    lists.length === countOf(text, /\/EmbeddedFiles\b/g) &&
    lists.every((each) => each.join(' ') === listed.join(' '));
  const whole = named.every(({ dictionary }) => EMBEDDED.test(dictionary) && isDistinct(dictionary));
  const once = [...new Set([...listed, ...files])].every(
    (number) => countOf(structure, new RegExp(`(?<![0-9])${number} [0-9]+ obj`, 'g')) === 1,
  );
  return agree && whole && once ? named : [];
}

/** Return for each list of embedded files in a text the numbers of the objects to which its names lead. */
function listsIn(text) {
  const found = [];
  for (let begin = matched(LIST, text, 0); begin; begin = matched(LIST, text, LIST.lastIndex)) {
    let place = LIST.lastIndex;
    const numbers = [];
    while (numbers.length <= FILES) {
      const led = matched(REFERENCE, text, afterName(text, place));
      if (!led) break;
      numbers.push(led[1]);
      place = REFERENCE.lastIndex;
    }
    if (matched(LIST_ENDS, text, place)) {
      found.push(numbers);
      LIST.lastIndex = LIST_ENDS.lastIndex;
    }
  }
  return found;
}

/** Return the offset after the name at `at`, (text) or <hexadecimal digits>; the end of the text if there is none. */
function afterName(text, at) {
  if (matched(HEX, text, at)) return HEX.lastIndex;
  let within = 0;
  if (text[at] === '(') {
    for (let sign = matched(SIGN, text, at); sign && SIGN.lastIndex <= at + NAME + 2; sign = SIGN.exec(text)) {
      within += { '(': 1, ')': -1 }[sign[0]] ?? 0;
      if (within === 0) return SIGN.lastIndex;
    }
  }
  return text.length;
}

const matched = (expression, text, at) => {
  expression.lastIndex = at;
  return expression.exec(text);
};
const pairOf = ([, first, other]) => `${first} ${other ?? ''}`;
const same = (some, others) => {
  const [one, two] = [new Set(some), new Set(others)];
  return one.size === two.size && [...one].every((each) => two.has(each));
};

/** Return the offsets of the objects in use, by number, from the tables, newest first; and the newest trailer. */
function tables(pdf) {
  const none = { offsets: new Map(), trailer: '' };
  const end = END.exec(latin1(pdf.subarray(-1_024)));
  let at = end && isPdf(pdf) ? Number(end[1]) : pdf.length;
  let [left, newest, more] = [MOST, '', true];
  const found = new Map();
  for (let n = 0; more; n++) {
    const begins = /^xref\r?\n/.exec(latin1(pdf.subarray(at, at + 8)));
    if (!begins || n >= TABLES) return none;
    at += begins[0].length;
    for (;;) {
      const section = /^(\d{1,6}) (\d{1,6}) ?\r?\n/.exec(latin1(pdf.subarray(at, at + 20)));
      if (!section) break;
      const [first, count] = [Number(section[1]), Number(section[2])];
      left -= count;
      if (left < 0) return none;
      at += section[0].length;
      const lines = latin1(pdf.subarray(at, at + count * ROW));
      for (let row = 0; row < count; row++) {
        const line = /^(\d{10}) (\d{5}) ([nf])/.exec(lines.slice(row * ROW, row * ROW + ROW));
        if (!line || (line[3] === 'n' && line[2] !== '00000')) return none;
        if (!found.has(first + row)) found.set(first + row, line[3] === 'n' ? Number(line[1]) : null);
      }
      at += count * ROW;
    }
    const trailer = trailerAt(pdf, at);
    const before = [...(trailer ?? '').matchAll(/\/Prev (\d{1,10})(?![0-9])/g)];
    if (trailer === null || !TRAILER.test(trailer) || before.length > 1 || trailer.includes('#')) return none;
    const odd = /\/(?:XRefStm|Encrypt)\b/.test(trailer) || before.length !== countOf(trailer, /\/Prev\b/g);
    if (odd) return none;
    newest ||= trailer;
    more = before.length === 1;
    if (more) at = Number(before[0][1]);
  }
  const offsets = new Map([...found].filter(([, offset]) => offset !== null));
  for (const [number, offset] of offsets) {
    const begins = `${number} 0 obj`;
    if (latin1(pdf.subarray(offset, offset + begins.length)) !== begins) return none; // a PDF reader would search for the objects
  }
  return { offsets, trailer: newest };
}

/** Return the text between a table and the next `startxref`; null if none follows. */
function trailerAt(pdf, at) {
  for (let size = 4_096; ; size *= 16) {
    const text = latin1(pdf.subarray(at, Math.min(at + size, at + STRUCTURE + 9)));
    const closes = text.indexOf('startxref');
    if (closes >= 0) return text.slice(0, closes);
    if (at + size >= pdf.length || size >= STRUCTURE) return null;
  }
}

/** Return the streams that end before the next object begins, by the number of their object. */
function streamsOf(pdf, offsets, ends) {
  const streams = new Map();
  for (const [number, offset] of offsets) {
    const head = STREAM.exec(latin1(pdf.subarray(offset, offset + HEAD)));
    const length = head && !head[1].includes('endobj') ? /\/Length (\d{1,10})(?! \d+ R)/.exec(head[1]) : null;
    if (!length) continue;
    const begin = offset + head[0].length;
    const end = begin + Number(length[1]);
    const closed = /^\r?\n?endstream/.test(latin1(pdf.subarray(end, end + 12)));
    if (end <= ends.get(offset) && closed) streams.set(number, { begin, end, dictionary: head[1] });
  }
  return streams;
}

/** Return the parts of a file between its streams as one text; null if it is too long. */
function outside(pdf, streams) {
  const parts = [];
  let [at, size] = [0, 0];
  for (const { begin, end } of [...streams.values()].sort((a, b) => a.begin - b.begin)) {
    parts.push([at, begin]);
    size += begin - at;
    at = end;
  }
  parts.push([at, pdf.length]);
  if (size + pdf.length - at > STRUCTURE) return null;
  return parts.map(([from, to]) => latin1(pdf.subarray(from, to))).join('');
}

/** Return a text with the escapes in names decoded: `/E#46` is `/EF` (7.3.5). */
const spelt = (text) => text.replace(/#([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));

const countOf = (text, pattern) => [...text.matchAll(pattern)].length;

/** Return true if a dictionary has length and type once, and at most one filter. */
const isDistinct = (dictionary) =>
  countOf(dictionary, /\/Length\b/g) === 1 &&
  countOf(dictionary, /\/Type\b/g) === 1 &&
  countOf(dictionary, /\/Filter\b/g) <= 1;

/**
 * Return the bytes of a stream, and how many bytes were read; null for another filter than Flate, and for a stream that
 * is damaged or longer than `left`.
 */
async function plain(content, dictionary, left) {
  const filter = /\/Filter[ \t\n\v\f\r[]*(\/\w+)/.exec(dictionary)?.[1];
  if (filter === undefined) return [content, content.length];
  return filter === '/FlateDecode' ? unfolded(content, 'deflate', left) : [null, 0];
}

/** Inflate bytes; also return how many bytes were read. Null for damaged bytes, or more than `left`. */
export async function unfolded(content, format, left) {
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of pieces(inSips(content).pipeThrough(new DecompressionStream(format)))) {
      size += chunk.length;
      if (size > left) return [null, size];
      chunks.push(chunk);
    }
  } catch {
    return [null, size];
  }
  return [concat(...chunks), size];
}

/** Return bytes as a stream of small parts: a browser inflates a whole part at once, up to a thousand times its size. */
function inSips(content) {
  let at = 0;
  const pull = (stream) => {
    if (at < content.length) stream.enqueue(content.slice(at, (at += SIP)));
    else stream.close();
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

/** Yield the pieces of a stream; cancel it if the caller stops early. */
async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}
