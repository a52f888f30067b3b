/** The page: its form and its result. Nothing is sent anywhere; the page has no network. */
import { b64, encoded } from '../check/formats/bytes.mjs';
import { bundlesNamed, carriedIn, isBundle, isMeant } from '../check/bundle/archive_kind.mjs';
import { SEQUENCE } from '../check/timestamps/der.mjs';
import { browserHasEd25519 } from '../check/formats/ed25519.mjs';
import { exhibitForm, verifyExhibit } from '../check/verify/exhibits.mjs';
import { checkVersion } from '../check/bundle/layout.mjs';
import { bundleInside, isPdf } from '../check/bundle/pdf_attachment.mjs';
import { Refused } from '../check/errors.mjs';
import { digestOfFile } from '../check/formats/digest.mjs';
import { AUTHORITIES, parseAnchor, readTrust } from '../check/trust/trust_folder.mjs';
import { verify } from '../check/verify/verify.mjs';
import { isVersion, parseFingerprint, readVersions } from '../check/trust/signed_policy.mjs';
import { MAX_TOTAL } from '../check/bundle/zip_profile.mjs';
import { make } from './dom.mjs';
import { LARGEST, bytesOf, filesOf } from './folder.mjs';
import { readQr } from './qr.mjs';
import { result, spoken } from './result.mjs';
import { say, speak, stepName } from './texts.mjs';

const HELD = ['policy', 'registrar', 'anchor', 'authorities'];
const SIGNED = ['policy', 'registrar', 'authorities']; // fields that signed versions replace
let folder = new Map(); // a trust folder, path -> bytes, also of files without a field
const fromFile = new Map(); // id of a field -> bytes of the file that filled it, until the text is changed

let shown = null; // the report on the page, and what it was checked against

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
  for (const id of ['folder', 'folder-whole']) {
    at(id).addEventListener('change', ({ target }) => takeFolder([...target.files]));
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
    const files = [...event.dataTransfer.files];
    if (files.some(({ name }) => isVersion(name))) takeFolder(files);
    else dropped(files);
  });
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((each) => (each.open = true)));
}

/** Show the texts of the page, without the result, in the first available one of these languages. */
function translate(...wanted) {
  const code = speak(...wanted);
  document.documentElement.lang = code;
  at('language').value = code;
  for (const each of document.querySelectorAll('[data-text]')) each.textContent = say([each.dataset.text]);
  at('status').replaceChildren();
  showFolder();
}

/** Put dropped files into fields by their names; a second bundle is the one that the first is compared with. */
function dropped(files) {
  const bundles = files.filter((file) => !drop(file));
  bundles.slice(0, 2).forEach((file, n) => {
    const chosen = new DataTransfer();
    chosen.items.add(file);
    at(['bundle', 'other'][n]).files = chosen.files;
  });
  if (bundles.length) tell(say(['bundle-chosen', bundles.map(({ name }) => name).join(', ')]));
}

/** Put a file into the field that its name determines; return false if there is none. */
function drop(file) {
  const begins = (word) => file.name.toLowerCase().startsWith(word === 'anchor' ? 'checkpoint' : word);
  const name = isPicture(file) ? 'anchor' : isCertificate(file) ? 'authorities' : HELD.find(begins);
  if (name) take(name, file);
  return Boolean(name);
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
  if (file.size > LARGEST) {
    tell(say(['file-large', file.name, file.size, LARGEST]), true);
    return;
  }
  const bytes = await bytesOf(file);
  if (name === 'authorities') at(name).value += asPem(bytes); // several files make one text
  else fill(name, bytes);
}

/** Return a certificate file as PEM. */
function asPem(bytes) {
  if (bytes[0] !== SEQUENCE) return `${new TextDecoder().decode(bytes).trim()}\n`;
  return `-----BEGIN CERTIFICATE-----\n${b64(bytes).replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** Put bytes into a field as text; null clears it. */
function fill(name, bytes) {
  at(name).value = bytes ? new TextDecoder().decode(bytes) : '';
  fromFile.set(name, bytes);
}

/** Read the chosen trust folder: files with a field go there, the others are kept. */
async function takeFolder(files) {
  folder = new Map();
  try {
    folder = await filesOf(files);
    tell('');
  } catch (wrong) {
    tell(say(['cannot-read', say(['folder-label']), wrong.code, wrong.where, wrong.says]), true);
  }
  const signed = versioned();
  for (const name of ['policy', 'registrar']) fill(name, signed ? null : folder.get(name));
  const certificates = [...folder].filter(([path]) => path.startsWith('tsa/')).map(([, bytes]) => asPem(bytes));
  at('authorities').value = signed ? '' : certificates.join('');
  showFolder();
}

function versioned() {
  return [...folder.keys()].some(isVersion);
}

/** Show which files of the folder are used, and ask for the fingerprint of signed versions. */
function showFolder() {
  const chosen = ['folder', 'folder-whole'].some((id) => at(id).files.length) || folder.size;
  const said = folder.size ? ['folder-taken', [...folder.keys()].join(', ')] : ['folder-none'];
  at('folder-taken').textContent = chosen ? say(said) : '';
  at('pinned').hidden = !versioned();
  for (const name of SIGNED) at(name).closest('.held').hidden = versioned(); // the versions contain all three
}

/** Return the bytes of a field: of its file, or of the typed text with a final newline; null if it is empty. */
function held(name) {
  const typed = at(name).value.trim();
  return fromFile.get(name) ?? (typed ? encoded(`${typed}\n`) : null);
}

async function ask() {
  const [button, file] = [document.querySelector('#question button'), at('bundle').files[0]];
  at('result').hidden = true;
  shown = null;
  ['bundle', 'other', 'folder', 'fingerprint', ...HELD].forEach((name) => at(name).removeAttribute('aria-invalid'));
  button.disabled = true;
  try {
    if (file.size > MAX_TOTAL) {
      if (!isBundle(await bytesOf(file.slice(0, 200)))) throw unreadable('bundle', say(['too-large', file.size, MAX_TOTAL]));
      await answer(file.name, { length: file.size }, null); // refused without reading it
    } else {
      const data = await bytesOf(file);
      const inside = await unwrapped(data, 'bundle');
      await answer(file.name, inside, isPdf(data) ? await digestOfFile(data) : null);
    }
  } catch (wrong) {
    if (wrong.field) at(wrong.field).setAttribute('aria-invalid', 'true');
    tell(wrong.field ? wrong.message : say(['page-failed', String(wrong)]), true);
    if (wrong.field) at(wrong.field).focus();
  }
  button.disabled = false;
}

/** Verify the bundle, extracted from a PDF if it is in one; a file of another kind is not judged. */
async function unwrapped(data, field) {
  const inside = isPdf(data) ? await bundleInside(data) : data;
  if (!inside) throw unreadable(field, say(['pdf-none']));
  if (!exhibitForm(inside) && !(await isMeant(inside))) {
    const [held] = bundlesNamed(inside);
    throw unreadable(field, say(held ? ['not-a-bundle-but', held] : ['not-a-bundle']));
  }
  const { content } = await carriedIn(inside);
  if (content) await parsed(() => checkVersion(content), [field]);
  return inside;
}

/** Verify the other bundle alone: {name, digest, report}; null if none is chosen. */
async function otherBundle(trust, now) {
  const [file] = at('other').files;
  if (!file) return null;
  if (file.size > MAX_TOTAL) throw unreadable('other', say(['file-large', file.name, file.size, MAX_TOTAL]));
  const data = await unwrapped(await bytesOf(file), 'other');
  const report = await verify(data, trust, null, now, (number) => tell(say(['step-running', number, stepName(number)])));
  if (!report.shown) {
    throw unreadable('other', say(['other-failed', file.name, report.verdict, report.reasons[0].code]));
  }
  return { name: file.name, digest: await digestOfFile(data), report };
}

async function answer(name, data, paper) {
  const anchor = held('anchor');
  const trust = await trusted();
  if (anchor) await parsed(() => parseAnchor(anchor), ['anchor']);
  const now = Math.floor(Date.now() / 1000);
  const read = data instanceof Uint8Array;
  const onStep = (number) => tell(say(['step-running', number, stepName(number)]));
  const exhibit = read && exhibitForm(data);
  const other = exhibit ? null : await otherBundle(trust, now);
  const report = exhibit
    ? await verifyExhibit(data, trust)
    : await parsed(() => verify(data, trust, anchor, now, onStep, other?.report.shown ?? null), ['bundle']);
  const circumstances = {
    name,
    now,
    digest: read ? await digestOfFile(data) : say(['not-read']),
    paper,
    other: other && `${other.name} (${other.report.verdict}), SHA-256 ${other.digest}`,
    policy: trust && `SHA-256 ${await digestOfFile(trust.raw)}`,
    registrar: trust?.registrar && ['actor', 'party', 'key'].map((name) => trust.registrar[name]).join(' '),
    folder: [...folder.keys()].filter((path) => !HELD.includes(path)).join(', ') || null,
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

/** Return the trust from the fields and the folder; null if there is none. */
async function trusted() {
  if (versioned()) {
    const typed = at('fingerprint').value.trim();
    return parsed(() => readVersions(folder, typed ? parseFingerprint(typed) : null), ['folder', 'fingerprint']);
  }
  const [policy, registrar, authorities] = SIGNED.map(held);
  if ((registrar || authorities) && !policy) throw unreadable('policy', say(['registrar-alone']));
  if (!policy) return null;
  const others = [...folder].filter(([path]) => path.startsWith('others/'));
  const typed = Object.entries({ policy, registrar, [AUTHORITIES]: authorities }).filter(([, bytes]) => bytes);
  return parsed(() => readTrust(new Map([...others, ...typed])), [...SIGNED, 'folder']);
}

/** Parse a field; a refusal names the field. */
async function parsed(read, fields) {
  try {
    return await read();
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    const elsewhere = wrong.where.startsWith('others/') ? 'folder' : fields[0];
    const field = fields.find((each) => wrong.where === each) ?? elsewhere;
    throw unreadable(field, say(['cannot-read', say([`${field}-label`]), wrong.code, wrong.where, wrong.says]));
  }
}

const unreadable = (field, message) => Object.assign(new Error(message), { field });

function tell(sentence, problem = false) {
  at('status').replaceChildren(problem ? make('span', { class: 'problem' }, sentence) : sentence);
}
