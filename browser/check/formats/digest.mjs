/** SHA-256 of a whole file. For a small input, asking the browser takes longer than computing the digest here. */
import { hex } from './bytes.mjs';
import { sha256 } from '../../libraries.mjs';

const SMALL = 16_384; // bytes; a file up to this size is digested here, a larger one by the browser

/** Return the SHA-256 of `bytes` in hex. */
export async function digestOfFile(bytes) {
  return hex(bytes.length <= SMALL ? sha256(bytes) : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
