/** What the page takes from other people's packages; esbuild bundles it into one script (build.py). */
export { Point } from '@noble/ed25519';
export { blake2b } from '@noble/hashes/blake2.js';
export { blake2s } from '@noble/hashes/blake2.js';
export { md5 } from '@noble/hashes/legacy.js';
export { sha1 } from '@noble/hashes/legacy.js';
export { sha224 } from '@noble/hashes/sha2.js';
export { sha256 } from '@noble/hashes/sha2.js';
export { sha384 } from '@noble/hashes/sha2.js';
export { sha512 } from '@noble/hashes/sha2.js';
export { sha3_224 } from '@noble/hashes/sha3.js';
export { sha3_256 } from '@noble/hashes/sha3.js';
export { sha3_384 } from '@noble/hashes/sha3.js';
export { sha3_512 } from '@noble/hashes/sha3.js';
export { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
export { default as jsQR } from 'jsqr';
export { pbkdf as bcryptPbkdf } from 'bcrypt-pbkdf';
export { createSHA256 } from 'hash-wasm';
export { createSHA512 } from 'hash-wasm';
