/** Read a trust folder, chosen or dropped, whole or file by file. */
import { Refused } from '../check/errors.mjs';
import { isVersion } from '../check/trust/signed_policy.mjs';

export const LARGEST = 2 ** 20; // bytes of a file in a trust folder
const KNOWN = /^(?:policy|registrar|others\/[^/]+\/(?:policy|registrar)|mirrors|tsa\/[^/]+\.(?:pem|crt|cer|der))$/;
const MOST = 1_000; // files of a dropped folder

export const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());

/** Return a chosen file as [path in its folder, file]. */
export const chosenAt = (file) => [
  file.webkitRelativePath ? file.webkitRelativePath.split('/').slice(1).join('/') : file.name,
  file,
];

/** Return the files with a meaning in a trust folder, path -> bytes, sorted; no other is opened. TRUST-FORMAT. */
export async function filesOf(chosen) {
  const found = new Map();
  for (const [path, file] of chosen) {
    if (!KNOWN.test(path) && !isVersion(path)) continue;
    if (file.size > LARGEST) throw new Refused('TRUST-FORMAT', ['file-large', path, file.size, LARGEST], path);
    found.set(path, await bytesOf(file));
  }
  return new Map([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Return dropped files as [path in its folder, file]; a dropped folder is read whole, up to MOST files. */
export async function droppedIn({ items, files }) {
  const plain = [...files].map(chosenAt);
  const entries = [...items].map((item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  // Chromium reads a dropped folder on a page from the disk only by its handle; Firefox has none.
  const handles = await Promise.all([...items].map((item) => item.getAsFileSystemHandle?.() ?? null));
  const found = [];
  for (const [n, entry] of entries.entries()) {
    for await (const one of handles[n] ? byHandle(handles[n], '') : byEntry(entry, '')) {
      if (found.length < MOST) found.push(one);
    }
  }
  return found;
}

async function* byHandle(handle, path) {
  if (handle.kind === 'file') yield [path || handle.name, await handle.getFile()];
  else for await (const [name, inner] of handle.entries()) yield* byHandle(inner, path ? `${path}/${name}` : name);
}

async function* byEntry(entry, path) {
  if (entry.isFile) {
    yield [path || entry.name, await new Promise((done, failed) => entry.file(done, failed))];
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const inner of some) yield* byEntry(inner, path ? `${path}/${inner.name}` : inner.name);
  }
}
