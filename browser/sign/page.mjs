/**
 * The signing page. It takes requests of the window that opened it, the desk, by messages; it builds what is signed from
 * the values of the form, shows all of it, and signs when the person says so. It has no network.
 */
import { encoded, hex } from '../check/formats/bytes.mjs';
import { sha256 } from '../libraries.mjs';
import { Refused } from '../check/errors.mjs';
import { secondsOf, wire } from '../check/shape.mjs';
import { accessOf, registryOf } from '../check/entries/placement.mjs';
import { wordsOf } from '../check/trust/signed_policy.mjs';
import { make } from '../page/dom.mjs';
import { say, speak } from '../page/texts.mjs';
import { checkProposal } from './compare.mjs';
import { makeKey, proofOf, signer } from './keys.mjs';
import { keyFileBox } from './key_file_box.mjs';
import { showKept } from './kept.mjs';
import { FORMAT, idOf, readMessage } from './messages.mjs';
import { signedKind, payloadOf } from './payload.mjs';
import { checkReceipts, checkRemembered, logKeys, openHead, openPlace, remembered } from './proofs.mjs';
import { seal } from './seal.mjs';
import { openStore } from './store.mjs';
import { statement } from './statement.mjs';

const AHEAD = 300; // seconds that an act may be dated after its signature, as the server has it

const at = (id) => document.getElementById(id);
const random = (size) => crypto.getRandomValues(new Uint8Array(size));
const now = () => Math.floor(Date.now() / 1000);

const desk = globalThis.opener; // as of now: another window can become the opener by opening this one by its name
let store = null;
let task = null; // the request that the person is deciding on: {draw, id}
let signed = null; // what was signed last and has no receipt yet: {log, entries}
let queue = Promise.resolve(); // messages, one after the other

if (globalThis.document) start();

async function start() {
  translate(...navigator.languages);
  at('language').addEventListener('change', ({ target }) => {
    translate(target.value);
    draw();
  });
  at('where').textContent = whereText();
  if (top !== globalThis) return tell(say(['framed']), true);
  if (!isSecureContext || !crypto.subtle) return tell(say(['insecure']), true);
  try {
    store = await openStore();
  } catch (wrong) {
    return tell(saying(wrong), true);
  }
  if (!desk) return draw();
  addEventListener('message', (event) => {
    if (event.source === desk) queue = queue.then(() => take(event));
  });
  tell(say(['waiting']));
  desk.postMessage({ format: FORMAT, type: 'ready' }, '*'); // it has no secret in it
}

/** Answer one message; whatever is wrong with it is a refusal. */
async function take(event) {
  const reply = (answer) => event.source.postMessage({ format: FORMAT, ...answer }, event.origin);
  try {
    checkDesk(event.origin);
    const message = readMessage(event.data);
    await TAKERS[message.type](message, event.origin, reply);
  } catch (wrong) {
    if (event.origin !== 'null') reply(refusal(idOf(event.data), wrong));
    tell(saying(wrong), true);
  }
}

const TAKERS = { keys: takeKeys, enrol: takeEnrol, sign: takeSign, receipts: takeReceipts };

/** SIGN-ORIGIN unless a desk has another origin than this page, over HTTPS or on this machine. */
function checkDesk(origin) {
  const local = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$/.test(origin);
  if (!(origin.startsWith('https://') || local) || origin === location.origin) {
    throw new Refused('SIGN-ORIGIN', ['sign-origin', origin]);
  }
}

/** Return the ledger that is pinned for a log and this desk; SIGN-LEDGER without one. */
async function pinned(log, origin) {
  const ledger = await store.ledger(log);
  if (ledger?.origin !== origin) throw new Refused('SIGN-LEDGER', ['sign-ledger', log, origin]);
  return ledger;
}

function checkIdle() {
  if (task) throw new Refused('SIGN-BUSY', ['sign-busy']);
}

// -- which keys there are ---------------------------------------------------------------------------------------------

async function takeKeys({ id, log }, origin, reply) {
  const ledger = await pinned(log, origin);
  const keys = await store.keys(log);
  reply({ type: 'keys', id, log, keys: keys.map(({ public: raw, device, made }) => ({ public: raw, device, made })), size: ledger.size });
}

// -- a new key --------------------------------------------------------------------------------------------------------

async function takeEnrol({ id, ledger, account, device }, origin, reply) {
  checkIdle();
  const known = await store.ledger(ledger.log);
  if (known && (known.origin !== origin || known.key !== ledger.key)) {
    throw new Refused('SIGN-ORIGIN', ['sign-pinned', ledger.log, known.origin]);
  }
  if (logKeys(ledger.key).some((key) => key.name !== ledger.log)) throw new Refused('CP-KEY', ['sign-key-name', ledger.log]);
  const fingerprint = hex(sha256(encoded(ledger.key)));
  if (fingerprint !== ledger.fingerprint) throw new Refused('SIGN-LEDGER', ['sign-fingerprint', wordsOf(fingerprint)]);
  const here = (await store.keys(ledger.log)).filter((key) => key.account.id === account.id);
  const pin = known ?? { log: ledger.log, origin, key: ledger.key, size: 0, root: '' };

  /** Keep a key with its ledger, and send its proof. */
  const enrol = async (made, imported) => {
    const proof = await proofOf(made, ledger.log, account.id);
    const kept = { log: ledger.log, public: made.public, device, made: wire(now()), imported, account, key: made.key };
    await store.enrol(pin, kept);
    finish(reply, { type: 'enrolled', id, public: made.public, proof });
    tell(say(['enrolled']));
    if ((await lasting()) && !task) tell(say(['enrolled-lasting'])); // Firefox asks the person first
  };
  begin(id, reply, () => {
    const tick = ticks(['enrol-tick-desk', origin], ['enrol-tick-fingerprint']);
    const act = (label, work, secondary) => button(label, () => attempt(id, reply, work), secondary, tick.all);
    return [
      make('h2', {}, say(['enrol-title'])),
      make('p', {}, say(['enrol-lead'])),
      facts([
        ['desk', origin],
        ['log', ledger.log],
        ['fingerprint', make('span', { class: 'words' }, wordsOf(fingerprint))],
        ['person', account.name],
        ['office', account.office],
        ['device', device],
      ]),
      make('p', {}, say(['enrol-loss'])),
      tick.list,
      actions(
        ...here.map((key) => act(['enrol-here', key.device], () => enrol(key, key.imported))),
        act(['enrol-make'], async () => enrol(await makeKey(), false)),
        cancel(id, reply),
      ),
      keyFileBox(['enrol-file'], (key) => attempt(id, reply, () => enrol(key, true)), tick),
    ];
  });
}

/** Ask the browser once to keep the data of this page; return whether it does. */
async function lasting() {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}

// -- signatures -------------------------------------------------------------------------------------------------------

async function takeSign({ id, log, proofs, drafts, public: raw }, origin, reply) {
  checkIdle();
  const ledger = await pinned(log, origin);
  if (!drafts.length) throw new Refused('SIGN-MESSAGE', ['sign-message']);
  const head = await openHead(proofs.head, ledger);
  checkRemembered(ledger, head, proofs.consistency);
  await store.remember(log, remembered(head));
  const waiting = await placed(drafts, ledger, head);
  for (const entry of waiting) entry.values = checked(entry, raw);
  const stored = (await store.keys(log)).find((key) => key.public === raw);
  const again = signed?.log === log;

  /** Seal every entry with a key, each behind the one before it in its order. */
  const submit = async ({ key, public: own }) => {
    if (own !== raw) throw new Refused('SIGN-KEY', ['sign-key-other']);
    const at_ = wire(now());
    const last = new Map(); // order -> the entry that was sealed last in it
    const sealed = [];
    for (const { draft, place, chained } of waiting) {
      const where = chained ? { ...place, prev: last.get(draft.order).leaf } : place;
      const entry = await seal(draft, where, signerOf(draft, raw), at_, random, signer(key));
      last.set(draft.order, entry);
      sealed.push({ ...entry, kind: draft.kind });
    }
    signed = { log, entries: sealed };
    const entries = sealed.map(({ line, disclosures }) => ({ entry: line, disclosures }));
    finish(reply, { type: 'signed', id, submission: { entries }, size: Number(head.size) });
    tell(say(['signed']));
  };
  begin(id, reply, () => {
    const tick = ticks(['sign-tick-read', drafts.length], ['sign-tick-who', drafts[0].draft.actor]);
    const sign = stored
      ? button(['sign'], () => attempt(id, reply, () => submit(stored)), false, tick.all)
      : null;
    return [
      make('h2', {}, say(['sign-title', drafts.length])),
      again ? make('p', { class: 'problem calm' }, say(['sign-again'])) : null,
      waiting.map((entry, n) => statement(entry, n + 1)),
      make('p', {}, say(['sign-meaning'])),
      tick.list,
      actions(sign, cancel(id, reply)),
      stored ? null : keyFileBox(['sign-file'], (key) => attempt(id, reply, () => submit(key)), tick),
    ];
  });
}

/** Return the drafts with their places: {draft, proposal, place, chained}. */
async function placed(drafts, ledger, head) {
  const registry = await registryOf(ledger.log);
  const access = await accessOf(ledger.log);
  const last = new Map(); // order -> the place of the entry that comes last in it
  const found = [];
  for (const { draft, place: stated, proposal, consistency } of drafts) {
    const before = last.get(draft.order);
    if (before && stated) throw new Refused('SIGN-MESSAGE', ['sign-place-twice', draft.order]);
    let place;
    if (before) place = { ...before, seq: before.seq + 1, prev: 'f'.repeat(64) }; // the leaf is known when it is sealed
    else if (stated && !stated.head) place = accessPlace(stated, draft, access, ledger);
    else if (stated) place = await openPlace(stated, draft.order, ledger, head, consistency ?? null);
    else place = { log: ledger.log, seq: 1, prev: null, instrument: draft.order === registry ? null : draft.instrument };
    if (place.instrument !== draft.instrument) throw new Refused('SIGN-DIFFERS', ['sign-differs', 'instrument']);
    if (draft.unless && BigInt(draft.unless.after) > head.size) throw new Refused('API-FALSE', ['sign-condition']);
    place.register = draft.order === registry;
    place.access = draft.order === access;
    last.set(draft.order, place);
    found.push({ draft, proposal, place, chained: before !== undefined });
  }
  return found;
}

/** Return the stated place of an access entry; API-FALSE for an entry of another order. */
function accessPlace({ order, seq, prev }, draft, access, { log }) {
  if (order !== access || draft.order !== access || (prev === null) !== (seq === 1)) throw new Refused('API-FALSE', ['sign-place']);
  return { log, seq, prev, instrument: null };
}

/** Build the payload of an entry as it would be signed now, compare it, and return its sealed values by name. */
function checked({ draft, proposal, place, chained }, raw) {
  signedKind(draft.kind);
  if (secondsOf(draft.on) > now() + AHEAD) throw new Refused('FORM-DATE', ['sign-date', draft.on]);
  const { payload, values } = payloadOf(draft, place, signerOf(draft, raw), wire(now()), random);
  if (proposal !== null) checkProposal(payload, proposal, chained);
  return values;
}

const signerOf = ({ actor, role, party }, raw) => ({ key: raw, actor, role, party });

// -- receipts ---------------------------------------------------------------------------------------------------------

async function takeReceipts({ id, receipts, consistency }, origin, reply) {
  checkIdle();
  if (!signed) throw new Refused('API-FALSE', ['sign-receipts', receipts.length, 0]);
  const ledger = await pinned(signed.log, origin);
  const tree = await checkReceipts(receipts, signed.entries, ledger, consistency);
  await store.remember(ledger.log, remembered(tree));
  const recorded = receipts.map(({ index, leaf, order, seq }) => ({ index, leaf, order, seq }));
  const kinds = signed.entries.map(({ kind }) => kind);
  signed = null;
  reply({ type: 'recorded', id, receipts: recorded });
  tell('');
  show(() => [
    make('h2', {}, say(['recorded-title'])),
    make('div', { class: 'said' }, recorded.map(({ index, seq }, n) => make('p', {}, say(['recorded', kinds[n], seq, index])))),
    make('p', {}, say(['recorded-close'])),
  ]);
  at('task').focus();
}

// -- one task at a time -----------------------------------------------------------------------------------------------

function begin(id, reply, make_) {
  task = { id };
  tell('');
  show(make_);
  at('task').focus();
}

/** Do what the person asked for; a refusal is shown, and the request stays. */
async function attempt(id, reply, work) {
  if (task?.id !== id || task.working) return;
  task.working = true;
  try {
    await work();
  } catch (wrong) {
    tell(saying(wrong), true);
  } finally {
    if (task) task.working = false;
  }
}

function finish(reply, answer) {
  task = null;
  show(() => []);
  reply(answer);
}

const cancel = (id, reply) =>
  button(
    ['cancel'],
    () => {
      finish(reply, refusal(id, new Refused('SIGN-DECLINED', ['sign-declined'])));
      tell(say(['sign-declined']));
    },
    true,
  );

const refusal = (id, wrong) => ({ type: 'refused', id, code: codeOf(wrong), says: saying(wrong) });
const codeOf = (wrong) => (wrong instanceof Refused ? wrong.code : 'SIGN-MESSAGE');
const saying = (wrong) => (wrong instanceof Refused ? say(['refused', wrong.code, wrong.says]) : say(['unforeseen', String(wrong)]));

// -- elements ---------------------------------------------------------------------------------------------------------

let drawn = null; // makes the elements of the task, again in another language

function show(make_) {
  drawn = make_;
  at('task').replaceChildren(...make_().flat(Infinity).filter((each) => each !== null));
}

function draw() {
  at('where').textContent = whereText();
  if (drawn) show(drawn);
  if (!desk && store) showKept(store, at('kept'), draw);
}

function whereText() {
  return say(['where', location.protocol === 'file:' ? ['where-file'] : location.origin]);
}

function translate(...wanted) {
  const code = speak(...wanted);
  document.documentElement.lang = code;
  at('language').value = code;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = say([element.dataset.text]);
}

function tell(sentence, problem = false) {
  at('status').replaceChildren(problem ? make('span', { class: 'problem' }, sentence) : sentence);
}

const facts = (rows) => make('dl', { class: 'facts-list' }, rows.map(([name, value]) => [make('dt', {}, say([name])), make('dd', {}, value)]));
const actions = (...some) => make('div', { class: 'actions' }, some);

/** Return a list of ticks, and whether all of them are set. */
function ticks(...texts) {
  const boxes = texts.map((_, n) => make('input', { type: 'checkbox', id: `tick-${n}` }));
  const list = make('ul', { class: 'ticks' }, texts.map((text, n) => make('li', {}, boxes[n], make('label', { for: `tick-${n}` }, say(text)))));
  return { list, all: () => boxes.every((box) => box.checked), onChange: (work) => list.addEventListener('change', work) };
}

/** Return a button that does nothing until `ready` is true. */
function button(text, work, secondary = false, ready = () => true) {
  const made = make('button', { type: 'button', class: `govuk-button${secondary ? ' govuk-button--secondary' : ''}` }, say(text));
  made.addEventListener('click', () => (ready() ? work() : tell(say(['tick-first']), true)));
  return made;
}
