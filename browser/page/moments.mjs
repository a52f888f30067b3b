/** Moments and days as the reader of the page writes them: in the language of the page, in the time zone of the reader. */

const LOCALES = { en: 'en-GB' }; // a day before its month, and 24 hours, as on papers
const DAY = { day: 'numeric', month: 'long', year: 'numeric' };
const TIME = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' };
const NAMED = { fr: { day: (text) => (text === '1' ? '1er' : text) } };

/**
 * Return a day (`2027-03-01`), or a moment of the wire (`2027-03-01T09:40:00Z`) with the name of its zone, in a language.
 *
 * Seconds stand only where they are not zero. `zone` is of the reader where none is given. Other text stays as it is.
 */
export function written(text, language, zone = undefined) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  const whole = text.length === 10;
  const seconds = moment.getUTCSeconds() ? { second: '2-digit' } : {};
  const form = whole ? { ...DAY, timeZone: 'UTC' } : { ...DAY, ...TIME, ...seconds, timeZone: zone };
  const parts = new Intl.DateTimeFormat(LOCALES[language] ?? language, form).formatToParts(moment);
  return parts.map(({ type, value }) => NAMED[language]?.[type]?.(value) ?? value).join('');
}
