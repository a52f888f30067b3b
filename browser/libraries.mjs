/** What the page takes from other people's packages; esbuild bundles it into one script (build.py). */
export { Point } from '@noble/ed25519';
export { sha256 } from '@noble/hashes/sha2.js';
export { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
export { default as jsQR } from 'jsqr';
