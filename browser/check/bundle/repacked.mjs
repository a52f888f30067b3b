/**
 * Read a bundle that another program unpacked and zipped again, as ledger/bundle/repacked.py does.
 *
 * Accepted are deflated files, any order, times, attributes, extra fields, comments, data descriptors, entries for
 * folders, and one folder around everything. An archive that can be read in two ways is refused.
 */
import { latin1 } from '../formats/bytes.mjs';
import { unfolded } from './pdf_attachment.mjs';
import { Refused } from '../errors.mjs';
import { MAX_ENTRIES, MAX_ENTRY, MAX_TOTAL, checkPaths, crc32 } from './zip_profile.mjs';

const [LOCAL, CENTRAL, END, DESCRIPTOR] = [0x04034b50, 0x02014b50, 0x06054b50, 0x08074b50];
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22];
const FLAGS = 0x080e; // compression level, data descriptor, name in UTF-8
const DESCRIBED = 0x0008;
const TYPES = { true: [0, 4], false: [0, 8] }; // Unix types of a folder and of a file; no link, no device

/**
 * Return the files of a repacked archive, path -> bytes, in any order; null if it is not read. `manifest` is the name of
 * the file that every bundle has.
 */
export async function reread(data, manifest) {
  if (data.length > MAX_TOTAL) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found = directory(data, view);
  if (!found || found.records.reduce((sum, { size }) => sum + size, 0) > MAX_TOTAL) return null;
  const files = new Map();
  const folders = new Set();
  let end = 0;
  for (const record of [...found.records].sort((one, other) => one.place - other.place)) {
    const { name } = record;
    const entry = record.place === end ? await entryOf(data, view, record, found.start) : null;
    if (!entry || /[^\0-\x7f]/.test(name) || files.has(name) || folders.has(name)) return null;
    if (name.endsWith('/') && entry.content.length) return null;
    if (!TYPES[name.endsWith('/')].includes(record.type)) return null;
    end = entry.end;
    if (name.endsWith('/')) folders.add(name);
    else files.set(name, entry.content);
  }
  const parents = new Set();
  for (const path of files.keys()) for (let n = 0; n < path.length; n++) if (path[n] === '/') parents.add(path.slice(0, n + 1));
  if (end !== found.start || [...folders].some((folder) => !parents.has(folder))) return null;
  const top = topOf([...files.keys()], manifest).length;
  const made = new Map([...files].map(([path, content]) => [path.slice(top), content]));
  try {
    checkPaths([...made.keys()]);
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return null;
  }
  return made;
}

/** Return the folder that contains all these names, with its slash, if the manifest of a bundle is directly in it. */
export function topOf(names, manifest) {
  const top = `${(names[0] ?? '').split('/')[0]}/`;
  return names.includes(top + manifest) && names.every((name) => name.startsWith(top)) ? top : '';
}

/** Return the records of a directory that ends directly before the end record, and its offset. */
function directory(data, view) {
  let at = data.length - END_SIZE;
  const least = Math.max(0, data.length - END_SIZE - 0xffff);
  while (at >= least && view.getUint32(at, true) !== END) at--;
  if (at < least) return null;
  const [count, start, size] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true), view.getUint32(at + 12, true)];
  if (view.getUint32(at + 4, true) || view.getUint16(at + 8, true) !== count || count > MAX_ENTRIES) return null;
  if (start + size !== at || at + END_SIZE + view.getUint16(at + 20, true) !== data.length) return null;
  const records = [];
  let place = start;
  for (let n = 0; n < count; n++) {
    if (place + CENTRAL_SIZE > at) return null;
    const short = (offset) => view.getUint16(place + offset, true);
    const long = (offset) => view.getUint32(place + offset, true);
    const begin = place + CENTRAL_SIZE;
    const next = begin + short(28) + short(30) + short(32);
    if (long(0) !== CENTRAL || short(34) || next > at) return null;
    const name = latin1(data.subarray(begin, begin + short(28)));
    const [crc, packed, size] = [long(16), long(20), long(24)];
    const [flags, method, type] = [short(8), short(10), long(38) >>> 28];
    records.push({ name, flags, method, crc, packed, size, place: long(42), type });
    place = next;
  }
  return place === at ? { records, start } : null;
}

/** Return the content of a file and its end, in the bytes before `limit`; null where header and directory differ. */
async function entryOf(data, view, record, limit) {
  const { name, flags, method, crc, packed, size, place } = record;
  if (flags & ~FLAGS || ![0, 8].includes(method) || size > MAX_ENTRY || place + LOCAL_SIZE > limit) return null;
  const short = (offset) => view.getUint16(place + offset, true);
  const long = (offset) => view.getUint32(place + offset, true);
  const named = place + LOCAL_SIZE;
  const begin = named + short(26) + short(28);
  if (long(0) !== LOCAL || short(6) !== flags || short(8) !== method || begin + packed > limit) return null;
  const known = [crc, packed, size];
  const said = [long(14), long(18), long(22)];
  const described = Boolean(flags & DESCRIBED);
  const agrees = said.every((value, n) => value === known[n]) || (described && said.every((value) => value === 0));
  if (!agrees || latin1(data.subarray(named, named + short(26))) !== name) return null;
  const end = begin + packed;
  let content = data.subarray(begin, end);
  if (method === 8) [content] = await unfolded(content, 'deflate-raw', size);
  if (!content || content.length !== size || crc32(content) !== crc) return null;
  if (!described) return { content, end };
  const tail = (from) => from + 12 <= data.length && known.every((value, n) => view.getUint32(from + 4 * n, true) === value);
  if (end + 16 <= data.length && view.getUint32(end, true) === DESCRIPTOR && tail(end + 4)) return { content, end: end + 16 };
  return tail(end) ? { content, end: end + 12 } : null;
}
