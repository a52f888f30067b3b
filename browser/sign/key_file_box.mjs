/** A box in which a person chooses a key file and types its passphrase. */
import { make } from '../page/dom.mjs';
import { say } from '../page/texts.mjs';
import { Refused } from '../check/errors.mjs';
import { readKeyFile } from './key_file.mjs';

/** Return the box; `use(key)` gets the key {key, public} when the file is opened and all ticks are set. */
export function keyFileBox(label, use, { all }) {
  const file = make('input', { type: 'file', id: 'key-file', class: 'govuk-file-upload' });
  const word = make('input', { type: 'password', id: 'passphrase', class: 'govuk-input', autocomplete: 'off' });
  const says = make('p', { role: 'alert' });
  const open = make('button', { type: 'submit', class: 'govuk-button govuk-button--secondary' }, say(label));
  const form = make(
    'form',
    { class: 'box', id: 'key-file-form', autocomplete: 'off' },
    make('label', { class: 'govuk-label govuk-label--s', for: 'key-file' }, say(['key-file-label'])),
    make('p', { class: 'govuk-hint' }, say(['key-file-hint'])),
    file,
    make('label', { class: 'govuk-label', for: 'passphrase' }, say(['passphrase-label'])),
    word,
    says,
    open,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    says.textContent = '';
    if (!all() || !file.files.length) {
      says.textContent = say([all() ? 'key-file-first' : 'tick-first']);
      return;
    }
    try {
      const key = await readKeyFile(new Uint8Array(await file.files[0].arrayBuffer()), word.value);
      word.value = '';
      await use(key);
    } catch (wrong) {
      says.textContent = wrong instanceof Refused ? say(['refused', wrong.code, wrong.says]) : say(['unforeseen', String(wrong)]);
    }
  });
  return form;
}
