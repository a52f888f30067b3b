/**
 * The sentence of an entry: who did what, to whom, with what, as in projections/sentences/sentence.py.
 *
 * It is made in each language from a pattern of that language and the values of the entry, never from another sentence.
 */
import { ERASED, WITHHELD } from '../../check/reading/case_entry.mjs';
import { kindOf } from '../../check/verify/field_forms.mjs';
import { Language } from './language.mjs';
import { filled, parsed } from './pattern.mjs';
import { inWords, roleWords } from './values.mjs';

/** Return what an entry (`CaseEntry`) says, and that it has no effect, if so; `names` are `RegisterNames`. */
export function sentence(entry, names, language) {
  const spoken = !kindOf(entry.kind) || language.word('patterns', entry.kind) ? language : new Language('en');
  const signer = spoken.named(names.office(entry.by, spoken));
  let text = said(entry, names, spoken);
  if (entry.whose !== null && entry.whose !== entry.by) {
    text = spoken.put(entry.speaks === 'observation' ? 'saw' : 'took-over', signer, text);
  }
  if (text.endsWith('..')) text = text.slice(0, -1); // a name with a full stop at the end
  return entry.held ? text : `${text} ${spoken.put('no-effect', signer, roleWords(entry.role, spoken))}`;
}

/** Return the sentence of the kind; what has happened when an entry of the kind is recorded, where a value has no words. */
function said(entry, names, language) {
  const kind = kindOf(entry.kind);
  if (!kind) return language.phrases.texts.unknown;
  const times = names.times(entry.actor);
  const value = (field) => (entry.public.has(field) ? entry.public.get(field) : (entry.sealed.get(field) ?? null));
  const words = (field, how) => {
    if (field === 'who') return language.named(names.office(entry.actor, language));
    const stated = value(field);
    if (stated === null || stated === WITHHELD || stated === ERASED) return stated;
    return Object.hasOwn(kind.fields, field) ? inWords(stated, kind.fields[field].form, language, names, times, how) : null;
  };
  const code = (field) => {
    if (field === 'acting') return entry.whose === null ? entry.role : '';
    const stated = value(field);
    if (typeof stated === 'boolean') return stated ? 'yes' : 'no';
    return typeof stated === 'string' ? stated : '';
  };
  return filled(parsed(language.phrases.patterns[entry.kind]), words, code) || language.word('says', entry.kind);
}
