/** The page itself: what is asked, and where the answer goes. Nothing is sent anywhere; there is no network here. */
import { encoded, latin1 } from '../check/bytes.mjs';
import { browserHasEd25519 } from '../check/ed25519.mjs';
import { exhibitForm, verifyExhibit } from '../check/exhibit.mjs';
import { bundleInside, isPdf } from '../check/pdf.mjs';
import { Refused } from '../check/refusal.mjs';
import { digestOfFile } from '../check/sha256.mjs';
import { parseAnchor, parseTrust } from '../check/trust.mjs';
import { verify } from '../check/verify.mjs';
import { MAX_TOTAL } from '../check/zip.mjs';
import { make } from './dom.mjs';
import { readQr } from './qr.mjs';
import { result, spoken } from './result.mjs';
import { say, speak, stepName } from './texts.mjs';

const HELD = ['policy', 'registrar', 'anchor'];
const LARGEST = 2 ** 20; // bytes of a file for one of these fields
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
    at(`${name}-file`).addEventListener('change', ({ target }) => target.files[0] && take(name, target.files[0]));
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
  const name = isPicture(file) ? 'anchor' : HELD.find(begins);
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

async function take(name, file) {
  if (name === 'anchor' && isPicture(file)) {
    const text = await readQr(file).catch(() => null);
    fromFile.delete(name);
    at(name).value = text?.trim() ?? '';
    tell(text === null ? say(['qr-none']) : '', text === null);
    return;
  }
  if (file.size > LARGEST) {
    tell(say(['file-large', file.name, file.size, LARGEST]), true);
    return;
  }
  const bytes = await bytesOf(file);
  at(name).value = new TextDecoder().decode(bytes);
  fromFile.set(name, bytes);
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
    if (file.size > MAX_TOTAL) await answer(file.name, { length: file.size }, null); // refused, and never read
    else {
      const data = await bytesOf(file);
      const inside = isPdf(data) ? await bundleInside(data) : data;
      if (!inside) throw unreadable('bundle', say(['pdf-none']));
      await answer(file.name, inside, isPdf(data) ? await digestOfFile(data) : null);
    }
  } catch (wrong) {
    if (wrong.field) at(wrong.field).setAttribute('aria-invalid', 'true');
    tell(wrong.field ? wrong.message : say(['page-failed', String(wrong)]), true);
    if (wrong.field) at(wrong.field).focus();
  }
  button.disabled = false;
}

const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());

async function answer(name, data, paper) {
  const [policy, registrar, anchor] = HELD.map(held);
  if (registrar && !policy) throw unreadable('policy', say(['registrar-alone']));
  const trust = policy && parsed(() => parseTrust(policy, registrar), registrar ? ['policy', 'registrar'] : ['policy']);
  if (anchor) parsed(() => parseAnchor(anchor), ['anchor']);
  const now = Math.floor(Date.now() / 1000);
  const read = data instanceof Uint8Array;
  const report = read && exhibitForm(data)
    ? await verifyExhibit(data, trust)
    : await verify(data, trust, anchor, now, (number) => tell(say(['step-running', number, stepName(number)])));
  const circumstances = {
    name,
    now,
    digest: read ? await digestOfFile(data) : say(['not-read']),
    paper,
    policy: policy && `SHA-256 ${await digestOfFile(policy)}`,
    registrar: registrar && latin1(registrar).trim(),
    anchor: anchor && new TextDecoder().decode(anchor).trim().split('\n').slice(0, 3).join(' '),
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
