/**
 * Tell what a ZIP archive is meant to be: an evidence bundle, an ASiC-E container around one, or something else, as in
 * ledger/bundle/archive_kind.py. Nothing is judged by it.
 *
 * A bundle is recognised by its first file, or by the names in its directory. Either is enough, so that a bundle with
 * one damaged part is still a (damaged) bundle. A container is read as other programs write it; the bundle inside is
 * taken out and verified.
 */
import { b64, latin1, unhex } from '../formats/bytes.mjs';
import { MANIFEST, MIMETYPE } from './layout.mjs';
import { unfolded } from './pdf_attachment.mjs';
import { Refused } from '../errors.mjs';
import { topOf } from './repacked.mjs';
import { digestOfFile } from '../formats/digest.mjs';
import { MAX_ENTRIES, MAX_TOTAL, crc32, spelledOut } from './zip_profile.mjs';

const BUNDLES = 'application/vnd.comity.evidence-bundle.'; // of every version
const CONTAINER = 'application/vnd.etsi.asic-e+zip';
const ENDING = '.evidence.zip';

const FILES = 64; // of a container, more are not read
const LARGEST_LIST = 2 ** 20; // bytes of a manifest of a container
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22];

const LISTS = /^META-INF\/[^/]*ASiCManifest[^/]*\.xml$/;
const REFERENCE = /<(?:[A-Za-z0-9]+:)?DataObjectReference\b/;
const URI = /[ \t\r\n]URI="([^"]*)"/;
const SHA256 = /DigestMethod[^>]{1,200}Algorithm="http:\/\/www\.w3\.org\/2001\/04\/xmlenc#sha256"/;
const DIGEST = /DigestValue>[ \t\r\n]*([A-Za-z0-9+/=]{1,100})[ \t\r\n]*</;

const broken = (name, ...says) => new Refused('BND-CONTAINER', says, spelledOut(name).slice(0, 200));
const viewOf = (data) => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** Return true if an archive is meant to be an evidence bundle, whole or damaged. */
export function isBundle(data) {
  if (first(data).startsWith(BUNDLES)) return true;
  const there = names(data);
  return there.includes(MANIFEST) || topOf(there, MANIFEST) !== '';
}

/** Return true if an archive states that it is an ASiC-E container, and is no bundle. */
export const isContainer = (data) => first(data) === CONTAINER && !isBundle(data);

/** Return the names in the directory of an archive, as far as it can be read. */
const names = (data) => directory(data).map(({ name }) => name);

/** Return the evidence bundles in an archive, by their names. */
export const bundlesNamed = (data) => names(data).filter((name) => name.endsWith(ENDING));

/** Return true if a file is a bundle or contains one, whole or damaged: then it gets a verdict. */
export async function isMeant(data) {
  try {
    return isBundle(data) || (isContainer(data) && (await insideOf(data)) !== null);
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return true;
  }
}

/** Return what to verify: the bundle in an ASiC-E container, any other file unchanged; or the fault of a container. */
export async function carriedIn(data) {
  if (data.length > MAX_TOTAL || !isContainer(data)) return { content: data };
  try {
    return (await insideOf(data)) ?? { wrong: new Refused('BND-CONTAINER', ['container-none'], 'archive') };
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    return { wrong };
  }
}

/**
 * Return the one evidence bundle in a container: name, bytes, whether a manifest lists it; null for none or several.
 * BND-CONTAINER if the bundle cannot be read, or the manifest has another digest for it.
 */
export async function insideOf(data) {
  const files = directory(data);
  if (files.length > FILES) return null;
  const read = new Map();
  const wrongs = [];
  let left = MAX_TOTAL;
  for (const file of files) {
    let content = new Uint8Array();
    try {
      content = await contentOf(data, file, left);
    } catch (wrong) {
      if (!(wrong instanceof Refused)) throw wrong;
      wrongs.push(wrong);
    }
    left -= content.length;
    if (read.has(file.name)) wrongs.push(broken(file.name, 'zip-twice'));
    read.set(file.name, content);
  }
  const found = [...read].filter(([name, content]) => name.endsWith(ENDING) || isBundle(content));
  if (found.length !== 1) return null;
  if (wrongs.length) throw wrongs[0];
  const listed = new Set();
  for (const [name, digest] of listedIn(read)) {
    const content = read.get(name);
    if (content && b64(unhex(await digestOfFile(content))) !== digest) throw broken(name, 'container-digest');
    listed.add(name);
  }
  const [[name, content]] = found;
  return { name, content, listed: listed.has(name) };
}

/** Return the first hundred bytes of the first file as text, if its name is `mimetype`. */
function first(data) {
  if (data.length < LOCAL_SIZE || viewOf(data).getUint32(0, true) !== LOCAL) return '';
  const begin = LOCAL_SIZE + MIMETYPE.length;
  if (latin1(data.subarray(LOCAL_SIZE, begin)) !== MIMETYPE) return '';
  const [size, extra] = [viewOf(data).getUint32(22, true), viewOf(data).getUint16(28, true)];
  return latin1(data.subarray(begin + extra, begin + extra + Math.min(size, 100)));
}

/** Return the records of the directory directly before the last end record, up to the first that is no record. */
function directory(data) {
  const view = viewOf(data);
  let at = data.length - END_SIZE;
  const least = Math.max(0, data.length - END_SIZE - 0xffff);
  while (at >= least && view.getUint32(at, true) !== END) at--;
  if (at < least) return [];
  const found = [];
  let place = at - view.getUint32(at + 12, true);
  const shift = place - view.getUint32(at + 16, true); // bytes before the archive
  while (place >= 0 && place <= at - CENTRAL_SIZE && found.length < MAX_ENTRIES) {
    if (view.getUint32(place, true) !== CENTRAL) break;
    const short = (offset) => view.getUint16(place + offset, true);
    const long = (offset) => view.getUint32(place + offset, true);
    const begin = place + CENTRAL_SIZE;
    found.push({
      name: latin1(data.subarray(begin, begin + short(28))),
      flags: short(8),
      method: short(10),
      crc: long(16),
      packed: long(20),
      size: long(24),
      place: long(42) + shift,
    });
    place = begin + short(28) + short(30) + short(32);
  }
  return found;
}

/** Return the bytes of a file in a container; BND-CONTAINER if it is damaged or not read here. */
async function contentOf(data, { name, flags, method, crc, packed, size, place }, left) {
  if (flags & 1 || ![0, 8].includes(method) || size > left) throw broken(name, 'container-unread');
  const view = viewOf(data);
  if (place < 0 || place > data.length - LOCAL_SIZE || view.getUint32(place, true) !== LOCAL)
    throw broken(name, 'container-place');
  const begin = place + LOCAL_SIZE + view.getUint16(place + 26, true) + view.getUint16(place + 28, true);
  let content = data.subarray(begin, begin + packed);
  if (method === 8) {
    [content] = await unfolded(content, 'deflate-raw', size);
    if (!content) throw broken(name, 'container-unpack');
  }
  if (content.length !== size || crc32(content) !== crc) throw broken(name, 'container-crc');
  return content;
}

/** Return what the manifests of a container list: names as written there, and SHA-256 in base64. */
function* listedIn(files) {
  for (const [name, content] of files) {
    if (!LISTS.test(name) || content.length > LARGEST_LIST) continue;
    for (const part of latin1(content).split(REFERENCE).slice(1)) {
      const [uri, digest] = [URI.exec(part), DIGEST.exec(part)];
      if (uri && digest && SHA256.test(part)) yield [uri[1], digest[1]];
    }
  }
}
