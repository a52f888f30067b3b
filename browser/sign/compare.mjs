/**
 * Compare the payload that this page has built with the one that the server proposes: they differ in nothing but what
 * only the signer decides (decision 114).
 */
import { canonical } from '../check/formats/canonical_json.mjs';
import { Refused } from '../check/errors.mjs';

const OWN = ['entry', 'signed_at', 'seen']; // of the signer: id, moment of signing, head that was seen

/**
 * SIGN-DIFFERS unless a payload (a Map) equals the proposal of the server. `chained`: the entry follows another one of the
 * same request, whose leaf the server cannot know.
 */
export function checkProposal(payload, proposal, chained) {
  const [ours, theirs] = [compared(payload, chained), compared(proposal, chained)];
  const names = [...new Set([...ours.keys(), ...theirs.keys()])];
  const wrong = names.find((name) => text(ours, name) !== text(theirs, name));
  if (wrong !== undefined) throw new Refused('SIGN-DIFFERS', ['sign-differs', wrong]);
}

/** Return the members that are compared, with the public fields each by its own name. */
function compared(payload, chained) {
  const left = new Map(payload);
  for (const name of chained ? [...OWN, 'prev'] : OWN) left.delete(name);
  const open = left.get('public');
  left.set('public', open instanceof Map);
  if (open instanceof Map) for (const [name, value] of open) if (name !== '_sd') left.set(`public.${name}`, value);
  return left;
}

const text = (members, name) => (members.has(name) ? canonical(members.get(name)) : '');
