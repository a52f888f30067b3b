/** The page: its form and its result. Nothing is sent anywhere; the page has no network. */
import { b64, encoded } from '../check/formats/bytes.mjs';
import { bundlesNamed, carriedIn, isBundle, isMeant } from '../check/bundle/archive_kind.mjs';
import { SEQUENCE } from '../check/timestamps/der.mjs';
import { browserHasEd25519 } from '../check/formats/ed25519.mjs';
import { exhibitForm, verifyExhibit } from '../check/verify/exhibits.mjs';
import { isAbsence, verifyAbsence } from '../check/verify/completeness/absence.mjs';
import { checkVersion } from '../check/bundle/layout.mjs';
import { bundleInside, isPdf } from '../check/bundle/pdf_attachment.mjs';
import { Refused } from '../check/errors.mjs';
import { digestOfFile } from '../check/formats/digest.mjs';
import { AUTHORITIES, parseAnchor, readTrust } from '../check/trust/trust_folder.mjs';
import { verify } from '../check/verify/verify.mjs';
import { fingerprintOf, isVersion, parseFingerprint, readVersions, wordsOf } from '../check/trust/signed_policy.mjs';
import { MAX_TOTAL } from '../check/bundle/zip_profile.mjs';
import { make } from './dom.mjs';
import { comparedFiles } from './evidence.mjs';
import { LARGEST, bytesOf, droppedIn, filesOf, chosenAt } from './folder.mjs';
import { readQr } from './qr.mjs';
import { result, spoken } from './result.mjs';
import { written } from './moments.mjs';
import { say, speak, stepName, writeMoments } from './texts.mjs';

const HELD = ['policy', 'registrar', 'anchor', 'authorities'];
const SIGNED = ['policy', 'registrar', 'authorities']; // fields that signed versions replace
let folder = new Map(); // a trust folder, path -> bytes, also of files without a field
const fromFile = new Map(); // id of a field -> bytes of the file that filled it, until the text is changed

let shown = null; // the report on the page, and what it was checked against
let asPrinted = false; // the reader has compared what was typed with what is printed

const at = (id) => document.getElementById(id);

if (globalThis.document) start();

function start() {
  translate(...navigator.languages);
  writeMoments(written);
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
    for (const event of ['input', 'change']) at(name).addEventListener(event, forget);
  }
  for (const id of ['folder', 'folder-whole']) {
    at(id).addEventListener('change', ({ target }) => takeHeld([...target.files].map(chosenAt)));
  }
  for (const id of ['folder', 'folder-whole', 'bundle', 'fingerprint']) at(id).addEventListener('change', forget);
  for (const choice of document.querySelectorAll('input[name="came"]')) {
    choice.addEventListener('change', () => shown && ask(false));
  }
  at('any').addEventListener('change', ({ target }) => dropped([...target.files].map(chosenAt)));
  at('question').addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(event.target);
  });
  addEventListener('dragleave', () => mark(null));
  addEventListener('drop', async (event) => {
    event.preventDefault();
    mark(null);
    dropped(await droppedIn(event.dataTransfer), event.target.closest?.('[data-drop]')?.dataset.drop);
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

/** Mark the field over which files are held; the whole page where they are over none. */
function mark(target) {
  const field = target?.closest?.('[data-drop]');
  document.querySelectorAll('.dropping').forEach((each) => each.classList.remove('dropping'));
  if (target) (field ?? document.body).classList.add('dropping');
}

/**
 * Put dropped files, [path, file], into the field on which they fell; into one by name and content if they fell on none.
 * Say what each was taken for, and check if there is a bundle.
 */
async function dropped(files, field) {
  forget();
  if (field === 'trust') return takeHeld(files);
  const [bundles, evidence, held] = [[], [], []];
  for (const one of files) {
    if (field && field !== 'any') (field === 'bundle' ? bundles : evidence).push(one[1]);
    else if (isHeld(one[0]) || isPicture(one[1])) held.push(one);
    else (await isBundleLike(one[1]) ? bundles : evidence).push(one[1]);
  }
  if (held.length) await takeHeld(held);
  const chosen = [
    ['bundle', bundles.slice(0, 1)],
    ['other', bundles.slice(1, 2)],
    ['evidence', evidence],
  ];
  for (const [id, some] of chosen) if (some.length) choose(id, some);
  const taken = [...chosen.map(([id, some]) => [id, some.map(({ name }) => name)]), ['trust', held.map(([path]) => path)], ['left', bundles.slice(2).map(({ name }) => name)]];
  at('any-taken').replaceChildren(
    ...taken.filter(([, some]) => some.length).map(([id, some]) => make('li', {}, say([`any-${id}`, some.join(', ')]))),
  );
  const wholePage = !field || field === 'any';
  if (wholePage && at('bundle').files.length) await ask();
}

function choose(id, files) {
  const chosen = new DataTransfer();
  files.forEach((file) => chosen.items.add(file));
  at(id).files = chosen.files;
}

async function isBundleLike(file) {
  if (/\.(evidence\.zip|asice|sce)$/i.test(file.name)) return true;
  const start = await bytesOf(file.slice(0, 200));
  return isBundle(start) || (isPdf(start) && !at('bundle').files.length);
}

/** Return the field of a file by its name; undefined if it has none. */
function fieldOf(name) {
  if (isCertificate(name)) return 'authorities';
  return HELD.find((field) => name.toLowerCase().startsWith(field === 'anchor' ? 'checkpoint' : field));
}

const isHeld = (path) => path.includes('/') || isVersion(path) || Boolean(fieldOf(path));
const isPicture = (file) => file.type.startsWith('image/');
const isCertificate = (name) => /\.(pem|crt|cer|der)$/i.test(name);

/** Take what the reader holds from elsewhere: a trust folder or its files, a checkpoint, a picture of its code. */
async function takeHeld(files) {
  const single = files.filter(([path, file]) => isPicture(file) || (!path.includes('/') && fieldOf(path) === 'anchor'));
  const rest = files.filter((one) => !single.includes(one));
  if (rest.length) await takeFolder(rest);
  for (const [, file] of single) await take('anchor', file);
}

async function take(name, file) {
  if (name === 'anchor' && isPicture(file)) {
    const text = await readQr(file).catch(() => null);
    fromFile.delete(name);
    at(name).value = text?.trim() ?? '';
    tell(text === null ? say(['qr-none']) : '', text === null, false, text === null ? 'folder' : null);
    return;
  }
  if (file.size > LARGEST) {
    tell(say(['file-large', file.name, file.size, LARGEST]), true, false, 'folder');
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
    tell(say(['cannot-read', say(['folder-label']), wrong.code, wrong.where, wrong.says]), true, false, 'folder');
  }
  const signed = versioned();
  for (const name of ['policy', 'registrar']) fill(name, signed ? null : folder.get(name));
  const certificates = [...folder].filter(([path]) => path.startsWith('tsa/')).map(([, bytes]) => asPem(bytes));
  at('authorities').value = signed ? '' : certificates.join('');
  for (const [path, file] of files) {
    if (!path.includes('/') && isCertificate(path)) await take('authorities', file);
    else if (!folder.has(path) && ['policy', 'registrar'].includes(fieldOf(path))) await take(fieldOf(path), file);
  }
  showFolder();
}

function versioned() {
  return [...folder.keys()].some(isVersion);
}

/** Show which files of the folder are used, and ask for the fingerprint of signed versions. */
function showFolder() {
  const chosen = ['folder', 'folder-whole'].some((id) => at(id).files.length) || folder.size;
  const said = folder.size ? ['folder-taken', [...folder.keys()].join(', ')] : ['folder-none'];
  const compare = folder.has('policy') && !versioned() ? say(['folder-fingerprint', wordsOf(fingerprintOf(folder))]) : '';
  at('folder-taken').textContent = chosen ? `${say(said)} ${compare}`.trim() : '';
  at('pinned').hidden = !versioned();
  for (const name of SIGNED) at(name).closest('.held').hidden = versioned(); // the versions contain all three
}

/** Forget that the reader has compared what was typed: something else was given. */
function forget() {
  asPrinted = false;
}

/** Return how the trust came, as the reader says; `unsaid` without an answer. */
const cameBy = () => document.querySelector('input[name="came"]:checked')?.value ?? 'unsaid';

/** Return the bytes of a field: of its file, or of the typed text with a final newline; null if it is empty. */
function held(name) {
  const typed = at(name).value.trim();
  return fromFile.get(name) ?? (typed ? encoded(`${typed}\n`) : null);
}

let turn = Promise.resolve(); // one check after the other

/** Verify what the fields hold, and show the result; `moving` the focus to it. */
function ask(moving = true) {
  sendButton().disabled = true;
  turn = turn.then(() => check(moving));
  return turn;
}

const sendButton = () => document.querySelector('#question button');

async function check(moving) {
  const [button, file] = [sendButton(), at('bundle').files[0]];
  at('result').hidden = true;
  shown = null;
  ['bundle', 'other', 'evidence', 'folder', 'fingerprint', ...HELD].forEach((name) => at(name).removeAttribute('aria-invalid'));
  try {
    if (file.size > MAX_TOTAL) {
      if (!isBundle(await bytesOf(file.slice(0, 200)))) throw noBundle('bundle', say(['too-large', file.size, MAX_TOTAL]));
      await answer(file.name, { length: file.size }, null, moving); // refused without reading it
    } else {
      const data = await bytesOf(file);
      const inside = await unwrapped(data, 'bundle');
      await answer(file.name, inside, isPdf(data) ? await digestOfFile(data) : null, moving);
    }
  } catch (wrong) {
    if (wrong.field) at(wrong.field).setAttribute('aria-invalid', 'true');
    tell(wrong.field ? wrong.message : say(['page-failed', String(wrong)]), true, wrong.calm, wrong.field);
    if (wrong.field) focus(at(wrong.field));
  }
  at('progress').hidden = true;
  button.disabled = false;
}

function focus(field) {
  const folded = field.closest('details');
  if (folded) folded.open = true;
  field.focus();
}

/** Verify the bundle, extracted from a PDF if it is in one; a file of another kind is not judged. */
async function unwrapped(data, field) {
  const inside = isPdf(data) ? await bundleInside(data) : data;
  if (!inside) throw noBundle(field, say(['pdf-none']));
  if (!exhibitForm(inside) && !isAbsence(inside) && !(await isMeant(inside))) {
    const [held] = bundlesNamed(inside);
    throw noBundle(field, say(held ? ['not-a-bundle-but', held] : ['not-a-bundle']));
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

async function answer(name, data, paper, moving) {
  const anchor = held('anchor');
  const trust = await trusted();
  if (anchor) await parsed(() => parseAnchor(anchor), ['anchor']);
  const now = Math.floor(Date.now() / 1000);
  const read = data instanceof Uint8Array;
  const onStep = (number) => tell(say(['step-running', number, stepName(number)]));
  const told = { came: cameBy(), asPrinted };
  const exhibit = read && exhibitForm(data);
  const absence = read && isAbsence(data);
  const other = exhibit || absence ? null : await otherBundle(trust, now);
  const report = exhibit
    ? await verifyExhibit(data, trust)
    : absence
    ? await verifyAbsence(data, trust, anchor, now, told)
    : await parsed(() => verify(data, trust, anchor, now, onStep, other?.report.shown ?? null, told), ['bundle']);
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
    came: (trust || anchor) && told.came !== 'unsaid' ? told.came : null,
    printed() {
      asPrinted = true;
      ask();
    },
  };
  shown = [report, circumstances, exhibit || absence ? [] : await evidenceFiles(report)];
  show(...shown);
  if (moving) at('result-title').focus();
}

/** Compare the evidence files with the report, and show how far that is. */
async function evidenceFiles(report) {
  const bar = at('progress');
  let said = -1; // tenths that were announced: a screen reader reads each announcement
  const onRead = async (name, read, size) => {
    [bar.hidden, bar.value] = [size === 0, read / (size || 1)];
    const tenths = Math.floor((10 * read) / (size || 1));
    if (tenths !== said) tell(say(['file-reading', name, 10 * tenths]));
    said = tenths;
    await new Promise((done) => setTimeout(done)); // let the browser draw it
  };
  try {
    return await comparedFiles([...at('evidence').files], report, onRead);
  } catch (wrong) {
    throw unreadable('evidence', say(['file-unreadable', String(wrong)]));
  }
}

function show(report, circumstances, files) {
  at('result').replaceChildren(
    ...result(report, circumstances, files)
      .flat(Infinity)
      .filter((each) => each !== null),
  );
  at('result').hidden = false;
  tell(spoken(report, files));
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

/** Another file in the place of a bundle is a mistake of the reader, and no alarm. */
const noBundle = (field, message) => Object.assign(unreadable(field, message), { calm: true });

/** Show a sentence in the place of what happens; a problem of a field next to it. */
function tell(sentence, problem = false, calm = false, field = null) {
  at(field ?? 'progress').before(at('status'));
  const kind = calm ? 'problem calm' : 'problem';
  at('status').replaceChildren(problem ? make('span', { class: kind }, sentence) : sentence);
}
