/**
 * The scripts of a built verifier page, run by Node.js without the page around them: `node checker.mjs verify.html`,
 * with `lying` for a browser whose Ed25519 gives the opposite answer, `without` for a browser without Ed25519.
 *
 * Each line on standard input has questions, each line on standard output their answers (answers.mjs). Thus the tests run
 * the shipped scripts, byte for byte.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NAMES, answering } from './answers.mjs';

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
const answer = answering(await import(join(folder, 'page.mjs')));
rmSync(folder, { recursive: true });

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${await answer(line)}\n`);
