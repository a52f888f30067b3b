/** Read a trust folder, chosen whole or file by file. */
import { Refused } from '../check/errors.mjs';
import { isVersion } from '../check/trust/signed_policy.mjs';

export const LARGEST = 2 ** 20; // bytes of a file in a trust folder
const KNOWN = /^(?:policy|registrar|others\/[^/]+\/(?:policy|registrar)|tsa\/[^/]+\.(?:pem|crt|cer|der))$/;

export const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());

/** Return the files with a meaning in a trust folder, path -> bytes, sorted; no other is opened. TRUST-FORMAT. */
export async function filesOf(chosen) {
  const found = new Map();
  for (const file of chosen) {
    const path = file.webkitRelativePath ? file.webkitRelativePath.split('/').slice(1).join('/') : file.name;
    if (!KNOWN.test(path) && !isVersion(path)) continue;
    if (file.size > LARGEST) throw new Refused('TRUST-FORMAT', ['file-large', path, file.size, LARGEST], path);
    found.set(path, await bytesOf(file));
  }
  return new Map([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
}
