/**
 * The scripts of a built verifier page, run by Node.js without the page around them: `node checker.mjs verify.html`,
 * with `lying` for an Ed25519 of the browser that says the opposite, `without` for none.
 *
 * Each line on standard input is a question as JSON, {"ask": name, ...}, bytes in base64; each line on standard output
 * its answer. So the tests run what is shipped, byte for byte.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const NAMES = [
  'Refused',
  'bundleInside',
  'certificatesIn',
  'checkConsistency',
  'checkInclusion',
  'checkSealed',
  'enrolable',
  'openNote',
  'parseCheckpoint',
  'parseJson',
  'parsePolicy',
  'parseProof',
  'parseTrust',
  'parseVkey',
  'readStamp',
  'say',
  'sha256',
  'verify',
  'verifyExhibit',
  'verifySignature',
  'vocabulary',
];

const { subtle } = crypto;
const [verified, imported] = [subtle.verify.bind(subtle), subtle.importKey.bind(subtle)];
if (process.argv[3] === 'lying') subtle.verify = async (...asked) => !(await verified(...asked));
if (process.argv[3] === 'without') {
  subtle.importKey = async (form, key, name, ...more) => {
    if (name === 'Ed25519') throw new DOMException('no such algorithm', 'NotSupportedError');
    return imported(form, key, name, ...more);
  };
}

const page = readFileSync(process.argv[2], 'utf-8');
const scripts = [...page.matchAll(/<script(?: type="module")?>([^]*?)<\/script>/g)].map(([, script]) => script);
const folder = mkdtempSync(join(tmpdir(), 'comity-'));
writeFileSync(join(folder, 'page.mjs'), `${scripts.join('\n')}\nexport { ${NAMES.join(', ')} };\n`);
const it = await import(join(folder, 'page.mjs'));
rmSync(folder, { recursive: true });

const bytes = (text) => (text === null || text === undefined ? null : Uint8Array.from(Buffer.from(text, 'base64')));

const told = ({ code, where, says, entries }) => ({ code, where, says: it.say(says), entries });

const reported = (report) => ({
  verdict: report.verdict,
  reasons: report.reasons.map(told),
  steps: report.steps.map(({ number, result, says }) => ({ number, result, says: it.say(says) })),
  remarks: report.remarks.map(told),
  notProven: report.notProven.map(it.say),
  entries: report.entries,
  signatures: report.signatures,
  brackets: report.brackets.map((b) => [Number(b.index), b.notBefore, b.notAfter, b.on, b.signedAt]),
});

const ANSWERS = {
  async verify({ data, policy, registrar, authorities, anchor, now }) {
    const trust = policy ? it.parseTrust(bytes(policy), bytes(registrar), authorities?.map(bytes)) : null;
    return reported(await it.verify(bytes(data), trust, bytes(anchor), now));
  },
  async exhibit({ data, policy }) {
    return reported(await it.verifyExhibit(bytes(data), policy ? it.parseTrust(bytes(policy), null) : null));
  },
  async inside({ data }) {
    const found = await it.bundleInside(bytes(data));
    return found && Buffer.from(found).toString('base64');
  },
  stamp: ({ reply, data, trusted }) =>
    it.readStamp(bytes(reply), bytes(data), trusted.map(bytes).flatMap(it.certificatesIn)),
  signature: ({ key, message, signature }) => it.verifySignature(bytes(key), bytes(message), bytes(signature)),
  enrolable: ({ key }) => it.enrolable(bytes(key)),
  vkey: ({ text }) => it.parseVkey(text).text,
  async note({ note, keys }) {
    const opened = await it.openNote(bytes(note), keys.map(it.parseVkey));
    return { text: opened.text, verified: [...opened.times].map(([key, time]) => [key.id, time]) };
  },
  checkpoint({ text }) {
    const { origin, size, root } = it.parseCheckpoint(text);
    return [origin, String(size), Buffer.from(root).toString('hex')];
  },
  policy({ text, cosigned }) {
    const policy = it.parsePolicy(bytes(text));
    return cosigned.map((names) => policy.met(new Set(names)));
  },
  proof({ data }) {
    const proof = it.parseProof(bytes(data));
    return [String(proof.index), proof.path.length, Buffer.from(proof.note).toString('base64')];
  },
  inclusion: ({ index, size, leaf, path, root }) =>
    it.checkInclusion(BigInt(index), BigInt(size), bytes(leaf), path.map(bytes), bytes(root)),
  consistency: ({ m, n, rootM, rootN, path }) =>
    it.checkConsistency(BigInt(m), BigInt(n), bytes(rootM), bytes(rootN), path.map(bytes)),
  json: ({ data }) => void it.parseJson(bytes(data)),
  sha256: ({ data }) => Buffer.from(it.sha256(bytes(data))).toString('hex'),
  fact: ({ kind, name, json }) =>
    it.checkSealed({ kind, schema: it.vocabulary.kinds[kind].schema }, [{ name, value: it.parseJson(bytes(json))[0] }]),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...question } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: (await ANSWERS[ask](question)) ?? null };
  } catch (wrong) {
    answer = wrong instanceof it.Refused ? { refused: told(wrong) } : { crashed: String(wrong.stack) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
