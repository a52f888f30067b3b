/**
 * The scripts of a built signing page, run by Node.js without the page around them: `node checker.mjs sign.html`.
 *
 * Each line on standard input has questions, each line on standard output their answers, as ../support/checker.mjs.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const NAMES = ['Refused', 'checkProposal', 'makeKey', 'openStore', 'payloadOf', 'readKeyFile', 'readMessage', 'seal', 'signer'];
const page = readFileSync(process.argv[2], 'utf-8');
const scripts = [...page.matchAll(/<script(?: type="module")?>([^]*?)<\/script>/g)].map(([, script]) => script);
const folder = mkdtempSync(join(tmpdir(), 'comity-'));
writeFileSync(join(folder, 'page.mjs'), `${scripts.join('\n')}\nexport { ${NAMES.join(', ')} };\n`);
const it = await import(join(folder, 'page.mjs'));
rmSync(folder, { recursive: true });

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const text = (array) => new TextDecoder().decode(array);

/** Return a function that hands out the bytes of a text in hex, in pieces. */
function handedOut(hex) {
  const all = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  let at = 0;
  return (size) => all.slice(at, (at += size));
}

/** Read a draft as the page reads it in a message. */
function drafted(draft, proposal = null) {
  const proofs = { head: { size: 0, note: '' }, consistency: null };
  const drafts = [{ draft, place: null, proposal }];
  const message = { format: 'comity.signing/1', type: 'sign', id: '1', log: 'log', proofs, drafts, public: '0'.repeat(64) };
  return it.readMessage(message).drafts[0];
}

const made = ({ draft, place, signer, signed_at, random }) =>
  it.payloadOf(drafted(draft).draft, place, signer, signed_at, handedOut(random));

const ASKED = {
  payload(question) {
    const { body, disclosures } = made(question);
    return { body: text(body), disclosures };
  },
  compare(question) {
    it.checkProposal(made(question).payload, drafted(question.draft, question.proposal).proposal, question.chained);
    return true;
  },
  async seal({ draft, place, signer, signed_at, random, file, passphrase }) {
    const { key } = await it.readKeyFile(bytes(file), passphrase);
    return it.seal(drafted(draft).draft, place, signer, signed_at, handedOut(random), it.signer(key));
  },
  async key({ file, passphrase }) {
    return (await it.readKeyFile(bytes(file), passphrase)).public;
  },
  /** Make a key in a browser without Ed25519. */
  async withoutEd25519() {
    const { generateKey } = crypto.subtle;
    crypto.subtle.generateKey = () => Promise.reject(new DOMException('no such algorithm', 'NotSupportedError'));
    return it.makeKey().finally(() => (crypto.subtle.generateKey = generateKey));
  },
  /** Open the store in a browser that keeps nothing. */
  async withoutStore() {
    const error = new DOMException('not in a private window', 'InvalidStateError');
    globalThis.indexedDB = { open: () => setTimeout(() => asked.onerror()) && asked };
    const asked = { error };
    return it.openStore();
  },
  message: ({ message }) => it.readMessage(message).type,
};

async function answered(question) {
  try {
    return { answer: await ASKED[question.ask](question) };
  } catch (wrong) {
    if (wrong instanceof it.Refused) return { refused: { code: wrong.code } };
    return { crashed: String(wrong.stack) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answers = [];
  for (const question of JSON.parse(line)) answers.push(await answered(question));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
