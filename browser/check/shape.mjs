/**
 * What the members of a signed object look like: each shape takes a JSON value and gives it back, an object as one
 * with its own members only; JSON-MEMBER for anything else. The shapes are those of ledger/entries/envelope.py.
 */
import { Refused } from './refusal.mjs';

const unfit = (at) => {
  throw new Refused('JSON-MEMBER', ['member', at]);
};

export const word = (pattern) => (value, at) => (typeof value === 'string' && pattern.test(value) ? value : unfit(at));

export const oneOf =
  (...known) =>
  (value, at) =>
    known.includes(value) ? value : unfit(at);

export const whole = (least) => (value, at) => (typeof value === 'number' && value >= least ? value : unfit(at));

export const truth = (value, at) => (typeof value === 'boolean' ? value : unfit(at));

export const orNull = (shape) => (value, at) => (value === null ? null : shape(value, at));

export const list = (item) => (value, at) =>
  Array.isArray(value) ? value.map((each, n) => item(each, `${at}[${n}]`)) : unfit(at);

/** A Map with values of one shape. */
export const table = (item) => (value, at) =>
  value instanceof Map ? new Map([...value].map(([key, each]) => [key, item(each, `${at}.${key}`)])) : unfit(at);

/** An object with these members, and perhaps the `optional` ones; without them they are undefined. */
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

/** Who signs: the raw public key in hex, the registered actor, the role taken, the actor's Party. */
export const SIGNED_BY = record({ key: HEX64, actor: NAME, role: NAME, party: NAME });

const SECONDS = /^([0-9]{4})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/** Seconds since 1970 of an instant of the wire such as 2026-11-24T13:37:44Z; null for none, as 30 February is none. */
export function secondsOf(text) {
  const moment = SECONDS.test(text) && !text.startsWith('0000') ? Date.parse(text) : NaN;
  return !Number.isNaN(moment) && wire(moment / 1000) === text ? moment / 1000 : null;
}

/** Seconds since 1970 as the wire writes an instant. */
export const wire = (seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** An instant of the wire that the calendar has. */
export const INSTANT = (value, at) => (typeof value === 'string' && secondsOf(value) !== null ? value : unfit(at));
