/** What the page shows without a desk: the ledgers and keys that this browser keeps, and how to forget them. */
import { make } from '../page/dom.mjs';
import { say } from '../page/texts.mjs';
import { inWords } from './statement.mjs';

/** Show the kept ledgers and keys in an element; `draw` draws it again. */
export async function showKept(store, element, draw) {
  const [ledgers, keys] = [await store.ledgers(), await store.keys()];
  const forget = (text, question, work) => {
    const button = make('button', { type: 'button', class: 'govuk-button govuk-button--secondary' }, say(text));
    button.addEventListener('click', async () => {
      if (confirm(say(question))) await work();
      draw();
    });
    return button;
  };
  const ofLedger = (ledger) =>
    make(
      'div',
      { class: 'box' },
      make('h3', {}, ledger.log),
      make('p', {}, say(['kept-desk', ledger.origin])),
      forget(['kept-forget-ledger'], ['kept-ask-ledger', ledger.log], () => store.forgetLedger(ledger.log)),
    );
  const ofKey = (key) =>
    make(
      'div',
      { class: 'box' },
      make('h3', {}, say(['kept-key', key.device, key.account.name])),
      make('p', {}, say(['kept-made', key.log, inWords(key.made)])),
      make('p', { class: 'code' }, key.public),
      forget(['kept-forget-key'], ['kept-ask-key', key.device], () => store.forgetKey(key.log, key.public)),
    );
  const nothing = ledgers.length + keys.length ? null : make('p', {}, say(['kept-nothing']));
  element.hidden = false;
  element.replaceChildren(
    ...[make('h2', {}, say(['kept-title'])), make('p', {}, say(['kept-lead'])), nothing, ledgers.map(ofLedger), keys.map(ofKey)]
      .flat()
      .filter((each) => each !== null),
  );
}
