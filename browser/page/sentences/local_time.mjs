/** A moment in UTC, and in the time of the place of an office, as in projections/sentences/local_time.py. */

/** Moments as a time zone (IANA) shows them; a zone that names no place adds nothing to UTC. */
export class LocalTimes {
  constructor(zone) {
    const [, area, place] = /^(.+)\/([^/]*)$/.exec(zone) ?? ['', 'Etc', ''];
    this.place = area === 'Etc' ? '' : place.replaceAll('_', ' ');
    this.form = formOf(zone);
  }

  /** Return {day, clock, localDay, localClock, place} of an instant; days are ISO 8601, `place` is '' at the time of UTC. */
  at(instant) {
    const [day, time] = [instant.slice(0, 10), instant.slice(11, 19)];
    const [localDay, localTime] = this.local(instant) ?? [day, time];
    const isUtc = localDay === day && localTime === time;
    return { day, clock: short(time), localDay, localClock: short(localTime), place: isUtc ? '' : this.place };
  }

  local(instant) {
    if (!this.form) return null;
    const parts = Object.fromEntries(this.form.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
    return [`${parts.year.padStart(4, '0')}-${parts.month}-${parts.day}`, `${parts.hour}:${parts.minute}:${parts.second}`];
  }
}

const short = (time) => (time.endsWith(':00') ? time.slice(0, 5) : time);

/** Return the form of a time zone; null for one that this browser does not know, which has the time of UTC. */
function formOf(timeZone) {
  const two = Object.fromEntries(['month', 'day', 'hour', 'minute', 'second'].map((part) => [part, '2-digit']));
  try {
    return timeZone ? new Intl.DateTimeFormat('en-CA', { ...two, year: 'numeric', hourCycle: 'h23', timeZone }) : null;
  } catch {
    return null;
  }
}
