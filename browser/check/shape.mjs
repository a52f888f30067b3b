/**
 * Shapes of the members of a signed object, those of ledger/entries/envelope.py. Each shape takes a JSON value and
 * returns it, an object with exactly its members; JSON-MEMBER for anything else.
 */
import { Refused } from './errors.mjs';

const unfit = (at) => {
  throw new Refused('JSON-MEMBER', ['member', at]);
};

export const word = (pattern) => (value, at) => (typeof value === 'string' && pattern.test(value) ? value : unfit(at));

export const oneOf =
  (...known) =>
  (value, at) =>
    known.includes(value) ? value : unfit(at);

export const whole = (least) => (value, at) => (Number.isSafeInteger(value) && value >= least ? value : unfit(at));

export const truth = (value, at) => (typeof value === 'boolean' ? value : unfit(at));

export const orNull = (shape) => (value, at) => (value === null ? null : shape(value, at));

export const list =
  (item, most = Infinity) =>
  (value, at) =>
    Array.isArray(value) && value.length <= most ? value.map((each, n) => item(each, `${at}[${n}]`)) : unfit(at);

/** Return the shape of a Map with values of one shape. */
export const table = (item) => (value, at) =>
  value instanceof Map ? new Map([...value].map(([key, each]) => [key, item(each, `${at}.${key}`)])) : unfit(at);

/** Return the shape of an object with these members; absent `optional` members are undefined. */
export const record =
  (members, optional = {}) =>
  (value, at) => {
    if (!(value instanceof Map)) unfit(at);
    for (const name of value.keys()) {
      if (!Object.hasOwn(members, name) && !Object.hasOwn(optional, name)) unfit(`${at}.${name}`);
    }
    const made = {};
    for (const [name, shape] of Object.entries({ ...members, ...optional })) {
      if (value.has(name)) made[name] = shape(value.get(name), `${at}.${name}`);
      else if (Object.hasOwn(members, name)) unfit(`${at}.${name}`);
    }
    return made;
  };

export const anything = (value) => value;

export const HEX32 = word(/^[0-9a-f]{32}$/);
export const HEX64 = word(/^[0-9a-f]{64}$/);
export const UUID = word(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
export const NAME = word(/^[^]{1,200}$/u);
export const COUNT = whole(0);

/** The signer: raw public key in hex, registered actor, role, Party of the actor. */
export const SIGNED_BY = record({ key: HEX64, actor: NAME, role: NAME, party: NAME });

const SECONDS = /^([0-9]{4})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/** Parse an instant such as 2026-11-24T13:37:44Z as seconds since 1970; null if it is none, as on 30 February. */
export function secondsOf(text) {
  const moment = SECONDS.test(text) && !text.startsWith('0000') ? Date.parse(text) : NaN;
  return !Number.isNaN(moment) && wire(moment / 1000) === text ? moment / 1000 : null;
}

/** Format seconds since 1970 as an instant. */
export const wire = (seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** The shape of an instant that exists in the calendar. */
export const INSTANT = (value, at) => (typeof value === 'string' && secondsOf(value) !== null ? value : unfit(at));
