/** Seal a payload: one line of DSSE v1.0.2 with one Ed25519 signature, opened again by the code of the verifier. */
import { EVENT_TYPE, openEntry, pae } from '../check/entries/envelope.mjs';
import { b64, encoded, hex, unhex } from '../check/formats/bytes.mjs';
import { sha256 } from '../libraries.mjs';
import { payloadOf } from './payload.mjs';

/**
 * Seal a draft at a place: {line, leaf, seq, order, entry, disclosures}. `sign(bytes)` returns the signature of 64 bytes by
 * the key `signer.key`. Raises what `payloadOf` raises, and SIG-BAD if the signature does not hold.
 */
export async function seal(draft, place, signer, signedAt, random, sign) {
  const { body, disclosures } = payloadOf(draft, place, signer, signedAt, random);
  const signature = b64(await sign(pae(EVENT_TYPE, body)));
  const keyId = hex(sha256(unhex(signer.key)));
  const signatures = `"signatures":[{"keyid":"${keyId}","sig":"${signature}"}]`;
  const line = `{"payload":"${b64(body)}","payloadType":"${EVENT_TYPE}",${signatures}}`;
  const opened = await openEntry(encoded(line));
  return { line, leaf: opened.leaf, seq: opened.seq, order: opened.order, entry: opened.entry, disclosures };
}
