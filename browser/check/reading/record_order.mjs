/** The order of recording that every ledger shares where entries of several logs meet: ledger/law/reading/record_order.py. */
import { vocabulary } from '../../vocabulary.mjs';

const CARRIER = 'counterparty-record-received';
const LAST = Object.keys(vocabulary.kinds).length; // the stage of a kind that this page does not know

/** Return the entries in the common order, each with its place in it as `rank`; unchanged if all are of one log. */
export function ranked(entries) {
  if (entries.every(({ origin }) => origin === null)) return entries;
  const [logs, carriers] = [new Map(), new Map()]; // carriers by the leaf of the entry before them in their log
  const add = (to, key, entry) => (to.has(key) ? to.get(key).push(entry) : to.set(key, [entry]));
  for (const entry of [...entries].sort((a, b) => placeOf(a) - placeOf(b))) {
    if (!logs.has(entry.origin)) logs.set(entry.origin, []);
    const log = logs.get(entry.origin);
    if (entry.kind === CARRIER) add(carriers, log.at(-1)?.leaf ?? null, entry);
    else log.push(entry);
  }
  const order = [...(carriers.get(null) ?? [])];
  for (const entry of merged([...logs.values()])) order.push(entry, ...(carriers.get(entry.leaf) ?? []));
  return order.map((entry, rank) => entry.ranked(rank));
}

const placeOf = ({ place, index }) => place ?? index;

/** Yield the entries of all logs by the first entries left, so that each log keeps its order whatever its times are. */
function* merged(logs) {
  const next = logs.map(() => 0);
  for (;;) {
    let best = -1;
    for (let n = 0; n < logs.length; n++) {
      const isLeft = next[n] < logs[n].length;
      if (isLeft && (best < 0 || isBefore(logs[n][next[n]], logs[best][next[best]]))) best = n;
    }
    if (best < 0) return;
    yield logs[best][next[best]++];
  }
}

const stageOf = ({ kind }) => vocabulary.kinds[kind]?.stage ?? LAST;

function isBefore(a, b) {
  if (a.at !== b.at) return a.at < b.at;
  return stageOf(a) === stageOf(b) ? a.leaf < b.leaf : stageOf(a) < stageOf(b);
}
