/** The page itself: what is asked, and where the answer goes. Nothing is sent anywhere; there is no network here. */
import { b64, encoded, latin1 } from '../check/bytes.mjs';
import { SEQUENCE } from '../check/der.mjs';
import { browserHasEd25519 } from '../check/ed25519.mjs';
import { exhibitForm, verifyExhibit } from '../check/exhibit.mjs';
import { bundleInside, isPdf } from '../check/pdf.mjs';
import { Refused } from '../check/refusal.mjs';
import { digestOfFile } from '../check/sha256.mjs';
import { parseAnchor, parseTrust } from '../check/trust.mjs';
import { verify } from '../check/verify.mjs';
import { make } from './dom.mjs';
import { readQr } from './qr.mjs';
import { result, spoken } from './result.mjs';
import { say, speak, stepName } from './texts.mjs';

const HELD = ['policy', 'registrar', 'anchor', 'authorities'];
const fromFile = new Map(); // id of a field -> the bytes of the file that filled it, as long as nobody changes the text

let shown = null; // the report on the page and its circumstances

const at = (id) => document.getElementById(id);

if (globalThis.document) start();

function start() {
  translate(...navigator.languages);
  at('language').addEventListener('change', ({ target }) => {
    translate(target.value);
    if (shown) show(...shown);
  });
  if (!crypto.subtle) tell(say(['no-crypto']), true);
  for (const name of HELD) {
    at(`${name}-file`).addEventListener('change', ({ target }) => {
      if (name === 'authorities') at(name).value = '';
      [...target.files].forEach((file) => take(name, file));
    });
    at(name).addEventListener('input', () => fromFile.delete(name));
  }
  at('question').addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  addEventListener('dragleave', () => document.body.classList.remove('dropping'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    [...event.dataTransfer.files].forEach(drop);
  });
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((each) => (each.open = true)));
}

/** Puts the texts of the page, but no result, into the first of these languages that there is. */
function translate(...wanted) {
  const code = speak(...wanted);
  document.documentElement.lang = code;
  at('language').value = code;
  for (const each of document.querySelectorAll('[data-text]')) each.textContent = say([each.dataset.text]);
  at('status').replaceChildren();
}

/** A dropped file goes where its name says. */
function drop(file) {
  const begins = (word) => file.name.toLowerCase().startsWith(word === 'anchor' ? 'checkpoint' : word);
  const name = isPicture(file) ? 'anchor' : isCertificate(file) ? 'authorities' : HELD.find(begins);
  if (name) {
    take(name, file);
    return;
  }
  const files = new DataTransfer();
  files.items.add(file);
  at('bundle').files = files.files;
  tell(say(['bundle-chosen', file.name]));
}

const isPicture = (file) => file.type.startsWith('image/');
const isCertificate = (file) => /\.(pem|crt|cer|der)$/i.test(file.name);

async function take(name, file) {
  if (name === 'anchor' && isPicture(file)) {
    const text = await readQr(file).catch(() => null);
    fromFile.delete(name);
    at(name).value = text?.trim() ?? '';
    tell(text === null ? say(['qr-none']) : '', text === null);
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (name === 'authorities') {
    at(name).value += asPem(bytes); // several files are one text
    return;
  }
  at(name).value = new TextDecoder().decode(bytes);
  fromFile.set(name, bytes);
}

/** A certificate file as text. */
function asPem(bytes) {
  if (bytes[0] !== SEQUENCE) return `${new TextDecoder().decode(bytes).trim()}\n`;
  return `-----BEGIN CERTIFICATE-----\n${b64(bytes).replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** The bytes of a field: those of its file, or what was typed, ended by a newline; null for nothing. */
function held(name) {
  const typed = at(name).value.trim();
  return fromFile.get(name) ?? (typed ? encoded(`${typed}\n`) : null);
}

async function ask() {
  const [button, file] = [document.querySelector('#question button'), at('bundle').files[0]];
  at('result').hidden = true;
  shown = null;
  ['bundle', ...HELD].forEach((name) => at(name).removeAttribute('aria-invalid'));
  button.disabled = true;
  try {
    const data = new Uint8Array(await file.arrayBuffer());
    const inside = isPdf(data) ? await bundleInside(data) : data;
    if (!inside) throw unreadable('bundle', say(['pdf-none']));
    await answer(file.name, inside, isPdf(data) ? await digestOfFile(data) : null);
  } catch (wrong) {
    if (wrong.field) at(wrong.field).setAttribute('aria-invalid', 'true');
    tell(wrong.field ? wrong.message : say(['page-failed', String(wrong)]), true);
    if (wrong.field) at(wrong.field).focus();
  }
  button.disabled = false;
}

async function answer(name, data, paper) {
  const [policy, registrar, anchor, authorities] = HELD.map(held);
  if ((registrar || authorities) && !policy) throw unreadable('policy', say(['registrar-alone']));
  const given = HELD.filter((each) => each !== 'anchor' && held(each));
  const trust = policy && parsed(() => parseTrust(policy, registrar, authorities ? [authorities] : []), given);
  if (anchor) parsed(() => parseAnchor(anchor), ['anchor']);
  const now = Math.floor(Date.now() / 1000);
  const report = exhibitForm(data)
    ? await verifyExhibit(data, trust)
    : await verify(data, trust, anchor, now, (number) => tell(say(['step-running', number, stepName(number)])));
  const circumstances = {
    name,
    now,
    digest: await digestOfFile(data),
    paper,
    policy: policy && `SHA-256 ${await digestOfFile(policy)}`,
    registrar: registrar && latin1(registrar).trim(),
    anchor: anchor && new TextDecoder().decode(anchor).trim().split('\n').slice(0, 3).join(' '),
    authorities: await Promise.all(
      (trust?.authorities ?? []).map(async ({ subject, bytes }) => [subject.shown, await digestOfFile(bytes)]),
    ),
    native: await browserHasEd25519(),
  };
  shown = [report, circumstances];
  show(report, circumstances);
  at('result-title').focus();
}

function show(report, circumstances) {
  at('result').replaceChildren(
    ...result(report, circumstances)
      .flat(Infinity)
      .filter((each) => each !== null),
  );
  at('result').hidden = false;
  tell(spoken(report));
}

/** What a field says, parsed; where it cannot be read, the field that is to blame. */
function parsed(read, fields) {
  try {
    return read();
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    const field = fields.find((each) => wrong.where === each) ?? fields[0];
    throw unreadable(field, say(['cannot-read', say([`${field}-label`]), wrong.code, wrong.where, wrong.says]));
  }
}

const unreadable = (field, message) => Object.assign(new Error(message), { field });

function tell(sentence, problem = false) {
  at('status').replaceChildren(problem ? make('span', { class: 'problem' }, sentence) : sentence);
}
