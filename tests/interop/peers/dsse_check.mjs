// node dsse_check.mjs ENVELOPE.json ED25519-PUBLIC-KEY-HEX PAYLOAD-TYPE   (npm: @sigstore/core)
import fs from 'node:fs'; import crypto from 'node:crypto'; import { dsse } from '@sigstore/core';
const [file, pub, type] = process.argv.slice(2);
const e = JSON.parse(fs.readFileSync(file));
const key = crypto.createPublicKey({ format: 'der', type: 'spki',
  key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(pub, 'hex')]) });
const body = Buffer.from(e.payload, 'base64');
const pae = dsse.preAuthEncoding(e.payloadType, body);
const ok = e.payloadType === type && e.signatures.length === 1 &&
  crypto.verify(null, pae, key, Buffer.from(e.signatures[0].sig, 'base64'));
console.log(ok ? `agrees: payload ${body}` : 'FAIL'); process.exit(ok ? 0 : 1);
