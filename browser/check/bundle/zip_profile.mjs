/**
 * Read the strict ZIP of an evidence bundle, as ledger/bundle/zip_profile.py does: one list of files has one archive.
 */
import { concat, encoded, equal, latin1 } from '../formats/bytes.mjs';
import { Refused } from '../errors.mjs';

export const MAX_ENTRIES = 10_000;
export const MAX_ENTRY = 64 * 2 ** 20; // bytes
export const MAX_TOTAL = 512 * 2 ** 20;
const MAX_PARTS = 7;
const PART = '[a-zA-Z0-9][a-zA-Z0-9._-]{0,79}';
const PATH = new RegExp(`^${PART}(/${PART}){0,${MAX_PARTS - 1}}$`);

const DATE = 0x21; // 1980-01-01 in MS-DOS form; the time is 0
const VERSION = 10; // 1.0: a stored file
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22];

const broken = (where, ...says) => new Refused('BND-ZIP', says, where);

/**
 * Return the files of an archive, path -> bytes, in order; BND-ZIP with the entry and the rule that it breaks.
 *
 * If the archive is too large, only its `length` is read.
 */
export function readZip(data) {
  if (data.length > MAX_TOTAL) throw broken('archive', 'zip-total', data.length, MAX_TOTAL);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [count, start] = readEnd(view);
  const files = new Map();
  const directory = [];
  let offset = 0;
  for (let number = 1; number <= count; number++) {
    const { path, content, crc } = readEntry(data, view, offset, start, number);
    if (files.has(path)) throw broken(path, 'zip-twice');
    directory.push([path, central(path, content.length, crc, offset)]);
    offset += LOCAL_SIZE + path.length + content.length;
    files.set(path, content);
  }
  if (offset !== start) throw broken('archive', 'zip-gap', start - offset);
  checkDirectory(directory, data.subarray(start, data.length - END_SIZE));
  checkPaths([...files.keys()]);
  return files;
}

/** Return the number of files and the offset of their directory. */
function readEnd(view) {
  const size = view.byteLength;
  if (size < END_SIZE || ![LOCAL, END].includes(view.getUint32(0, true))) throw broken('archive', 'zip-none');
  const at = size - END_SIZE;
  const short = (offset) => view.getUint16(at + offset, true);
  const long = (offset) => view.getUint32(at + offset, true);
  const [count, length, start] = [short(10), long(12), long(16)];
  if (long(0) !== END || short(20)) throw broken('archive', 'zip-end');
  const sixtyFour = [short(8), count].includes(0xffff) || [length, start].includes(0xffffffff);
  if (short(4) || short(6) || short(8) !== count || sixtyFour) throw broken('archive', 'zip-volumes');
  if (count > MAX_ENTRIES) throw broken('archive', 'zip-many', count, MAX_ENTRIES);
  if (start + length + END_SIZE !== size) throw broken('archive', 'zip-directory-place');
  return [count, start];
}

function readEntry(data, view, offset, limit, number) {
  const unnamed = `file ${number}`;
  if (offset + LOCAL_SIZE > limit) throw broken(unnamed, 'zip-few');
  const short = (at) => view.getUint16(offset + at, true);
  const long = (at) => view.getUint32(offset + at, true);
  const [flags, method, crc, packed, size] = [short(6), short(8), long(14), long(18), long(22)];
  const marked = long(0) === LOCAL;
  const begin = offset + LOCAL_SIZE + short(26);
  const name = latin1(data.subarray(offset + LOCAL_SIZE, begin));
  const where = marked ? spelledOut(name).slice(0, 200) : unnamed;
  const rules = [
    [marked, 'zip-header'],
    [!(flags & 0x1), 'zip-encrypted'],
    [!(flags & 0x8), 'zip-descriptor'],
    [method === 0, 'zip-compressed', method],
    [flags === 0 && short(4) === VERSION, 'zip-flags'],
    [short(10) === 0 && short(12) === DATE, 'zip-time'],
    [short(28) === 0, 'zip-extra'],
    [packed !== 0xffffffff && size !== 0xffffffff, 'zip-64'],
    [packed === size, 'zip-sizes'],
    [size <= MAX_ENTRY, 'zip-large', size, MAX_ENTRY],
    [begin + size <= limit, 'zip-beyond'],
  ];
  for (const [holds, ...says] of rules) if (!holds) throw broken(where, ...says);
  const content = data.subarray(begin, begin + size);
  if (crc32(content) !== crc) throw broken(where, 'zip-crc');
  if (/[^\0-\x7f]/.test(name)) throw broken(where, 'zip-ascii');
  return { path: name, content, crc };
}

/** Return the directory record that belongs to the header of a file. */
function central(path, size, crc, offset) {
  const record = new DataView(new ArrayBuffer(CENTRAL_SIZE));
  const put = { 0: CENTRAL, 16: crc, 20: size, 24: size, 42: offset };
  for (const [at, value] of Object.entries(put)) record.setUint32(Number(at), value, true);
  for (const [at, value] of [
    [4, VERSION],
    [6, VERSION],
    [14, DATE],
    [28, path.length],
  ])
    record.setUint16(at, value, true);
  return concat(new Uint8Array(record.buffer), encoded(path));
}

function checkDirectory(made, found) {
  let at = 0;
  for (const [path, record] of made) {
    if (!equal(record, found.subarray(at, at + record.length))) throw broken(path, 'zip-record');
    at += record.length;
  }
  if (at !== found.length) throw broken('archive', 'zip-records');
}

/** BND-ZIP for names that no bundle has, and for names that a file system takes for one another or for a folder. */
export function checkPaths(paths) {
  const folded = new Map();
  const folders = new Set();
  for (const path of paths) {
    if (!PATH.test(path)) throw broken(spelledOut(path), 'zip-name', MAX_PARTS, PART);
    const lower = path.toLowerCase();
    if (folded.has(lower)) throw broken(path, 'zip-case', folded.get(lower));
    folded.set(lower, path);
    const parts = lower.split('/');
    for (let n = 1; n < parts.length; n++) folders.add(parts.slice(0, n).join('/'));
  }
  const both = [...folders].filter((folder) => folded.has(folder)).sort();
  if (both.length) throw broken(folded.get(both[0]), 'zip-folder');
}

/** Return a name with everything but printable ASCII escaped. */
export const spelledOut = (name) =>
  name.replace(/[^ -~]|\\/g, (c) => (c === '\\' ? '\\\\' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`));

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) crc = CRC_TABLE[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
